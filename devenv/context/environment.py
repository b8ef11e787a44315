"""Everything an operation works with: the parsed files, the chosen workspace and port, the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import authorities, git, launch, locks, ports, process, records
from devenv.base.errors import USAGE, DevError
from devenv.context import accounts, workspace
from devenv.context.accounts import Accounts
from devenv.databases import find
from devenv.databases.database import Database
from devenv.databases.states import Seen
from devenv.engines import choice, names
from devenv.engines.interface import OVERRIDE, PERSONAL, Engine, Place
from devenv.engines.secrets import Secrets
from devenv.model import config, env_file, libraries, service_names, services
from devenv.model.libraries import Library

# Merged over compose.yaml, at most one of them:
LEAN = "compose.lean.yaml"  # when another repository requires this one
DEBUG = "compose.debug.yaml"  # by `dev.up --debug`: the app under a debugger
ROOT = launch.ROOT


class Asked(NamedTuple):
    """What the user chose for a command: the arguments of `open_environment`, to open it again under the lock."""

    given_workspace: str
    given_port: int
    allocate: bool
    debug: bool | None
    any_name: bool


class Environment(NamedTuple):
    """One service of this repository in one workspace."""

    config: config.Config
    place: Place
    engine: Engine
    record: records.Record  # what the last command left; changed by operations, saved by `save`
    host: str
    port: int
    debug_port: int  # where the app's debugger listens; 0: no debugger
    database: Database | None
    seen: Seen  # what the database's server was found to hold, once it was looked at
    asked: Asked
    accounts: Accounts = Accounts({}, {}, {})

    @property
    def url(self) -> str:
        """The one address of the service, the same in the browser and for other services."""
        return f"http://{self.host}:{self.port}"

    @property
    def internal_url(self) -> str:
        """The address for other services. In containers it is not `*.localhost`: libcurl resolves that to itself."""
        return self.url if self.engine.name == choice.NATIVE else f"http://{self.config.service}:{self.port}"

    @property
    def lean(self) -> bool:
        """Whether it runs as in production: another repository requires it, and it is not being edited."""
        return self.place.overlay == LEAN

    @property
    def commit(self) -> str:
        """The commit that is checked out, if this is a pinned checkout, which is not edited; else empty."""
        head = git.argv("rev-parse", "HEAD", at=self.place.root)
        return process.capture(head).stdout.strip() if os.environ.get("DEV_LEAN") else ""

    @property
    def image(self) -> str:
        """The released image to use instead of building; empty unless a release runs.

        Only a lean service may run production's image, and only the root that drives it knows which release that is.
        """
        version = os.environ.get("DEV_VERSION", "")
        released = version and self.lean and self.engine.name == choice.COMPOSE
        return self.config.image.replace("{version}", version) if released else ""

    @property
    def data(self) -> dict[str, Any]:
        """What is known of the live data in this engine; each engine has separate data.

        The server itself has it. Until it was looked at, this is the copy in the record, which is only a hint.
        """
        if self.seen.survey is None:
            return self.record.known(self.engine.name)
        return dict(self.seen.survey.live.data) if self.seen.survey.live else {}

    def note_data(self, known: dict[str, Any]) -> None:
        """Write into the record what is known of the data in this engine."""
        self.record.data = {**self.record.data, self.engine.name: known}
        self.save()

    def on(self, database: str) -> Environment:
        """The same service on another database of its server, for steps (migrate) that must not touch the live one.

        DevError 111 if compose.yaml fixes the database's name.
        """
        place, debug, named = self.place, bool(self.debug_port), self.asked.any_name
        name = self.engine.name
        other = open_environment(
            place.workspace, self.port, engine=name, debug=debug, database=database, any_name=named
        )
        noticed = place.services[place.app].environment != other.place.services[place.app].environment
        if database != getattr(self.database, "name", "") and not noticed:
            raise _no_choice(self)
        return other._replace(record=self.record, seen=self.seen, asked=self.asked)

    @property
    def chooses_database(self) -> bool:
        """Whether compose.yaml lets us give the app another database than the live one."""
        try:
            return self.database is not None and bool(self.on(f"{self.database.name}_other"))
        except DevError:
            return False

    def note_accounts(self) -> None:
        """Write the passwords of the stores into the record, before anything is made with them."""
        known = {**self.record.stores.get(self.engine.name, {}), **self.accounts.stores}
        if known != self.record.stores.get(self.engine.name, {}):
            self.record.stores = {**self.record.stores, self.engine.name: known}
            self.save()

    def save(self) -> None:
        """Write the record."""
        if self.engine.name == choice.COMPOSE:
            self.record.project, self.record.network = self.place.project, self.place.network
        records.write(self.record)

    @contextmanager
    def locked(self, command: str) -> Iterator[Environment]:
        """Keep other commands from changing this service; yields the environment as it is under the lock.

        Place, database, port and record may have changed while this command waited. A port that was drawn stays, unless
        another command took one.
        """
        with _lock(self.place.workspace, self.config.service, command):
            asked = self.asked._replace(given_workspace=self.place.workspace)
            yield open_environment(**asked._asdict(), drawn=self.port)


@contextmanager
def opened(
    command: str,
    given_workspace: str = "",
    given_port: int = 0,
    allocate: bool = False,
    debug: bool | None = None,
    any_name: bool = False,
) -> Iterator[Environment]:
    """`open_environment` for a command that changes something: nothing is decided before the lock is held."""
    settings = config.load(ROOT, any_name)
    name = workspace.choose(ROOT, settings.service, given_workspace, os.environ)
    with _lock(name, settings.service, command):
        yield open_environment(name, given_port, allocate, debug=debug, any_name=any_name)


@contextmanager
def _lock(name: str, service: str, command: str) -> Iterator[None]:
    with locks.held(records.path(name, service, "lock"), command):
        yield


def _no_choice(env: Environment) -> DevError:
    assert env.database
    app, database = env.place.services[env.place.app], env.database
    name = f"${{{services.variable(database.service, 'NAME')}:-{database.name}}}"
    message = f"{app.name}: its database is fixed, so another one cannot be prepared next to it"
    keys = ("services", app.name, "environment")
    return app.raw.source.error(keys, message, f"write the database's name there as {name}")


def open_config() -> config.Config:
    """dev.yaml alone, for tasks that need no engine."""
    return config.load(ROOT)


def open_environment(
    given_workspace: str = "",
    given_port: int = 0,
    allocate: bool = False,
    engine: str = "",
    debug: bool | None = None,
    database: str = "",
    drawn: int = 0,
    any_name: bool = False,
) -> Environment:
    """Read the repository's files and choose workspace, port and engine. With `allocate`, a new port may be taken.

    `debug`: whether the app runs under its debugger; None: as after the last dev.up.
    `database`: which database of its server the app uses; empty: the live one, as far as the record knows it.
    `drawn`: the new port, if one is taken; 0: any that is free.
    `any_name`: also for a service with a reserved name, which cannot be started any more.
    """
    asked = Asked(given_workspace, given_port, allocate, debug, any_name)
    settings = config.load(ROOT, any_name)
    name = workspace.choose(ROOT, settings.service, given_workspace, os.environ)
    record = records.read(name, settings.service)
    port = workspace.choose_port(settings.port, name, record.port, given_port, os.environ)
    port = port or (drawn or ports.draw() if allocate else settings.port)
    chosen = choice.Chosen(engine) if engine else choice.choose(os.environ, record.engine)
    engine = chosen.name
    debug_port = _debug_port(settings, record, debug)
    host = choice.host(engine, settings.service)
    place, known = _place(settings, record, engine, f"http://{host}:{port}", port, debug_port)
    if not any_name:
        service_names.check_beside(settings.source, place.services.keys() - {settings.app})
    declared = find.find(place.services)
    found = declared and accounts.of_app(declared, known, settings)
    wanted = database or str(record.known(engine).get("live", ""))
    if found and wanted not in ("", found.name):
        found = found.at(wanted)
        renamed = {services.variable(found.service, "NAME"): wanted}
        place, _ = _place(settings, record, engine, f"http://{host}:{port}", port, debug_port, known, renamed)
    made = choice.make(chosen, place)
    return Environment(settings, place, made, record, host, port, debug_port, found, Seen(), asked, known)


def _debug_port(settings: config.Config, record: records.Record, debug: bool | None) -> int:
    """Where the debugger listens; 0 without one. DevError 2 or 111 if it is wanted but not possible."""
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
    return port or ports.draw()


def _no_debugger(settings: config.Config) -> DevError | None:
    """Why the app cannot run under a debugger; None if it can."""
    if os.environ.get("DEV_LEAN"):
        message = f"{settings.service} runs lean here, as in production: without a debugger"
        return DevError(USAGE, message, f"inv dev.edit {settings.service}, in the repository that requires it")
    if not settings.debug:
        hint = f"debug: {{port: 5678, help: how to attach}}, and {DEBUG} with the app's command under it"
        return settings.source.error(("debug",), "debug: is missing: it says where the debugger listens", hint)
    if not (ROOT / DEBUG).is_file():
        hint = f"it is merged over {settings.compose}: the app's command under the debugger, and its port"
        return settings.source.error(("debug",), f"debug: {DEBUG} is missing", hint)
    return None


def _place(
    settings: config.Config,
    record: records.Record,
    engine: str,
    url: str,
    port: int,
    debug_port: int,
    known: Accounts | None = None,
    chosen: Mapping[str, str] | None = None,
) -> tuple[Place, Accounts]:
    """Where the service runs, and the accounts of its stores. `chosen`: variables for this call only."""
    name = record.workspace
    network = os.environ.get("DEV_NETWORK") or names.network(name)
    project = names.project(record)
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
    override = OVERRIDE if (ROOT / OVERRIDE).is_file() else ""
    own_files = (ROOT / overlay if overlay else None, ROOT / override if override else None)
    given = {**os.environ, **variables}
    personal = _personal(given, variables)
    known = known or accounts.choose(record, engine, compose, own_files, given, personal)
    variables.update(known.variables)
    env = {
        **os.environ,
        **variables,
        "BUILDX_BAKE_ENTITLEMENTS_FS": "0",  # the CA bundle is outside the repository
    }
    found = choice.supported(engine, services.load(compose, env, *own_files, personal))
    if settings.app not in found:
        raise settings.source.error(("app",), f"app: {settings.compose} has no service {settings.app}")
    made = Place(
        *(ROOT, name, settings.service, settings.app, settings.compose, overlay, found, variables, env, network),
        native=settings.native,
        outside=choice.outside(engine, os.environ, lambda: _direct(settings, record, found)),
        project=project,
        libraries=_libraries(settings, record),
        personal=personal,
        override=override,
        secrets=Secrets(
            settings.secrets, settings.service, ROOT, os.environ, settings.ssh and engine == choice.COMPOSE
        ),
    )
    return made, known


def _direct(settings: config.Config, record: records.Record, found: Mapping[str, services.Service]) -> list[str]:
    """The names that containers reach without a proxy: of this service, and of the others in its workspace."""
    others = (each.service for each in records.of_workspace(record.workspace))
    return sorted({*found, settings.service, *others})


def _libraries(settings: config.Config, record: records.Record) -> dict[str, Library]:
    """The libraries that dev.edit chose."""
    there = record.edited_libraries.items()
    return {name: libraries.library(ROOT, name, Path(path), settings.libraries.get(name)) for name, path in there}


def _personal(env: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """The variables of the person. Those that the tools set themselves keep our values. DevError 111 with the line."""
    if not (ROOT / PERSONAL).is_file():
        return {}
    found = env_file.read(ROOT / PERSONAL, env)
    return {name: value for name, value in found.items() if name not in ours}


def _overlay(debug_port: int) -> str:
    if debug_port:
        return DEBUG
    return LEAN if os.environ.get("DEV_LEAN") and (ROOT / LEAN).is_file() else ""


def _env_file(name: str, service: str) -> str:
    """The file with the variables from other services, see required/wiring.py. A damaged one counts as none.

    The root writes it again before it starts what reads it.
    """
    told = os.environ.get("DEV_ENV_FILE") or str(records.path(name, service, "env"))
    try:
        return told if os.path.isfile(told) and env_file.read(Path(told), {}) else "/dev/null"
    except DevError:
        return "/dev/null"


def _variables(url: str, port: int, network: str) -> dict[str, str]:
    """The variables for compose.yaml. The owner of the checkout also owns the files that the app writes into it."""
    owner = ROOT.stat()
    return {
        "PORT": str(port),
        "PUBLIC_URL": url,
        "DEV_UID": str(owner.st_uid),
        "DEV_GID": str(owner.st_gid),
        "DEV_NETWORK": network,
        "CA_BUNDLE": authorities.find(os.environ),
    }
