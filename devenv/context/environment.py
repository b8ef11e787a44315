"""Everything an operation works with: the files read, the workspace and port chosen, the engine at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from devenv.base import launch, locks, process, records
from devenv.base.errors import USAGE, DevError
from devenv.context import workspace
from devenv.databases import find
from devenv.databases.database import Database
from devenv.engines import choice
from devenv.engines.interface import Engine, Place
from devenv.model import config, services

# Laid over compose.yaml, one of them at most:
LEAN = "compose.lean.yaml"  # when another repository requires this one
DEBUG = "compose.debug.yaml"  # by `dev.up --debug`: the app under a debugger
ROOT = launch.ROOT


class Environment(NamedTuple):
    """One service of this repository in one workspace."""

    config: config.Config
    place: Place
    engine: Engine
    record: records.Record  # what the last command left; changed by operations, saved by `save`
    host: str
    port: int
    debug_port: int  # where the app's debugger listens; 0: it runs without one
    database: Database | None

    @property
    def url(self) -> str:
        """The one address of the service, the same in the browser and for other services."""
        return f"http://{self.host}:{self.port}"

    @property
    def internal_url(self) -> str:
        """The address for other services. In containers it is no `*.localhost` name: libcurl sends those to itself."""
        return self.url if self.engine.name == choice.NATIVE else f"http://{self.config.service}:{self.port}"

    @property
    def lean(self) -> bool:
        """Whether it runs as in production, since another repository requires it and nobody edits it."""
        return self.place.overlay == LEAN

    @property
    def commit(self) -> str:
        """What is checked out here, where that is pinned and so nobody's to edit; else empty."""
        head = ["git", "-C", str(self.place.root), "rev-parse", "HEAD"]
        return process.capture(head).stdout.strip() if os.environ.get("DEV_LEAN") else ""

    @property
    def image(self) -> str:
        """The image of the release that runs, to take instead of building; empty unless a release runs.

        Only a lean service is production's image, and only the root that drives it knows which release it is.
        """
        version = os.environ.get("DEV_VERSION", "")
        released = version and self.lean and self.engine.name == choice.COMPOSE
        return self.config.image.replace("{version}", version) if released else ""

    @property
    def data(self) -> dict[str, Any]:
        """What the record says of the data in this engine: each engine keeps its own."""
        return dict(self.record.data.get(self.engine.name, {}))

    def note_data(self, known: dict[str, Any]) -> None:
        """Write down what is now known of the data in this engine."""
        self.record.data = {**self.record.data, self.engine.name: known}
        self.save()

    def on(self, database: str) -> Environment:
        """The same service on another database of its server, for steps: a migrate there leaves the live one alone.

        DevError 111 where compose.yaml does not let us choose.
        """
        place, debug = self.place, bool(self.debug_port)
        other = open_environment(place.workspace, self.port, engine=self.engine.name, debug=debug, database=database)
        noticed = place.services[place.app].environment != other.place.services[place.app].environment
        if database != getattr(self.database, "name", "") and not noticed:
            raise _no_choice(self)
        return other._replace(record=self.record)

    @property
    def chooses_database(self) -> bool:
        """Whether compose.yaml lets us give the app another database than the live one."""
        try:
            return self.database is not None and bool(self.on(f"{self.database.name}_other"))
        except DevError:
            return False

    def save(self) -> None:
        """Write the record."""
        records.write(self.record)

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Keep other commands from changing this service, and see what the last one left."""
        with locks.held(records.path(self.place.workspace, self.config.service, "lock"), command):
            fresh = records.read(self.place.workspace, self.config.service)
            self.record.__dict__.update(fresh.__dict__)
            yield


def _no_choice(env: Environment) -> DevError:
    assert env.database
    app, database = env.place.services[env.place.app], env.database
    name = f"${{{services.variable(database.service, 'NAME')}:-{database.name}}}"
    message = f"{app.name}: its database is fixed, so none can be made ready beside the one that it works on"
    keys = ("services", app.name, "environment")
    return app.raw.source.error(keys, message, f"write the database's name there as {name}")


def open_config() -> config.Config:
    """What dev.yaml says; enough for what needs no engine."""
    return config.load(ROOT)


def open_environment(
    given_workspace: str = "",
    given_port: int = 0,
    allocate: bool = False,
    engine: str = "",
    debug: bool | None = None,
    database: str = "",
) -> Environment:
    """Read the repository's files and choose workspace, port and engine. `allocate` may take a new port.

    `debug`: whether the app runs under its debugger; None: as the last dev.up left it.
    `database`: on which database of its server the app works; empty: on the live one.
    """
    settings = config.load(ROOT)
    name = workspace.choose(ROOT, settings.service, given_workspace, os.environ)
    record = records.read(name, settings.service)
    port = workspace.choose_port(settings.port, name, record.port, given_port, os.environ)
    port = port or (workspace.free_port() if allocate else settings.port)
    engine = engine or choice.choose(os.environ, record.engine)
    debug_port = _debug_port(settings, record, debug)
    host = choice.host(engine, settings.service)
    place = _place(settings, name, engine, f"http://{host}:{port}", port, debug_port)
    found = find.find(place.services)
    wanted = database or record.data.get(engine, {}).get("live", "")
    if found and wanted not in ("", found.name):
        found = found.at(wanted)
        chosen = {services.variable(found.service, "NAME"): wanted}
        place = _place(settings, name, engine, f"http://{host}:{port}", port, debug_port, chosen)
    made = choice.make(engine, place)
    return Environment(settings, place, made, record, host, port, debug_port, found)


def _debug_port(settings: config.Config, record: records.Record, debug: bool | None) -> int:
    """Where the debugger listens; 0 without one. DevError 2 and 111 where one is wanted that cannot be had."""
    recorded = int(record.up.get("debug", 0))
    if not (recorded if debug is None else debug):
        return 0
    missing = _no_debugger(settings)
    if missing and debug:
        raise missing
    if missing or not settings.debug:
        return 0
    declared, name = settings.debug.port, record.workspace
    port = workspace.choose_port(declared, name, recorded, 0, os.environ, "DEV_DEBUG_PORT")
    return port or workspace.free_port()


def _no_debugger(settings: config.Config) -> DevError | None:
    """Why the app cannot run under a debugger; None where it can."""
    if os.environ.get("DEV_LEAN"):
        message = f"{settings.service} runs lean here, as in production: without a debugger"
        return DevError(USAGE, message, f"inv dev.edit {settings.service}, in the repository that requires it")
    if not settings.debug:
        hint = f"debug: {{port: 5678, help: how to attach}}, and {DEBUG} with the app's command under it"
        return settings.source.error(("debug",), "debug: is missing: it says where the debugger listens", hint)
    if not (ROOT / DEBUG).is_file():
        hint = f"it is laid over {settings.compose}: the app's command under the debugger, and its port"
        return settings.source.error(("debug",), f"debug: there is no {DEBUG}", hint)
    return None


def _place(
    settings: config.Config,
    name: str,
    engine: str,
    url: str,
    port: int,
    debug_port: int,
    chosen: Mapping[str, str] | None = None,
) -> Place:
    """Where the service works. `name`: the workspace. `chosen`: variables that hold for this once."""
    network = os.environ.get("DEV_NETWORK") or f"devenv-{name}"
    compose = ROOT / settings.compose
    overlay = _overlay(debug_port)
    own = choice.variables(engine, name, settings.service, compose)
    variables = {
        **_variables(url, port, network),
        **own,
        "DEV_ENV_FILE": _env_file(name, settings.service),
        **(chosen or {}),
    }
    if debug_port:
        variables["DEBUG_PORT"] = str(debug_port)
    env = {
        **os.environ,
        **variables,
        "BUILDX_BAKE_ENTITLEMENTS_FS": "0",  # the CA bundle is outside the repository
    }
    found = choice.supported(engine, services.load(compose, env, ROOT / overlay if overlay else None))
    if settings.app not in found:
        raise settings.source.error(("app",), f"app: {settings.compose} has no service {settings.app}")
    return Place(
        *(ROOT, name, settings.service, settings.app, settings.compose, overlay, found, variables, env, network),
        native=settings.native,
    )


def _overlay(debug_port: int) -> str:
    if debug_port:
        return DEBUG
    return LEAN if os.environ.get("DEV_LEAN") and (ROOT / LEAN).is_file() else ""


def _env_file(name: str, service: str) -> str:
    """What other services told this one, see required/wiring.py."""
    told = os.environ.get("DEV_ENV_FILE") or str(records.path(name, service, "env"))
    return told if os.path.isfile(told) else "/dev/null"


def _variables(url: str, port: int, network: str) -> dict[str, str]:
    """What compose.yaml may use. The owner of the checkout owns the files that the app writes into it."""
    owner = ROOT.stat()
    bundle = os.environ.get("CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or "/dev/null"
    return {
        "PORT": str(port),
        "PUBLIC_URL": url,
        "DEV_UID": str(owner.st_uid),
        "DEV_GID": str(owner.st_gid),
        "DEV_NETWORK": network,
        "CA_BUNDLE": bundle if os.path.isfile(bundle) else "/dev/null",
    }
