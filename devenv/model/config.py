"""dev.yaml as a value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from devenv.base.errors import USAGE, DevError, did_you_mean
from devenv.model import commands, document, json_schema, scenarios, secrets, service_names, units
from devenv.model.libraries import Declared
from devenv.model.scenarios import Scenario

SCHEMA = Path(__file__).with_name("schema.json")
MIGRATIONS = ("**/migrations/**",)  # the default of `migrations:`
CONTRACT = "1"  # the major version of the contract that this code implements


class Login(NamedTuple):
    """A user who can log in after the default scenario was seeded."""

    name: str
    username: str
    password: str
    path: str
    help: str


class Debug(NamedTuple):
    """Where the debugger of compose.debug.yaml listens, and how to attach, in words."""

    port: int
    help: str


class Config(NamedTuple):
    """The checked content of dev.yaml. Commands are argument lists; memory is in bytes, ready in seconds."""

    root: Path
    contract: str
    level: str
    service: str
    app: str
    port: int
    compose: str
    commands: Mapping[str, tuple[str, ...]]
    state: tuple[str, ...]
    migrations: tuple[str, ...]  # patterns of those files of `state` that are applied once each
    scenarios: Mapping[str, Scenario]
    logins: tuple[Login, ...]
    memory: int | None
    lean: int | None  # memory while another repository requires this one
    states: int | None  # bytes of disk for stored states
    ready: float
    debug: Debug | None
    image: str  # the name of a released image, with {version} in it; empty if there is none
    native: Mapping[str, str]  # how the native engine makes the app's environment: python, node, install
    libraries: Mapping[str, Declared]  # what dev.edit cannot derive from a lock file
    secrets: tuple[secrets.Secret, ...]
    ssh: bool  # whether builds can use the person's ssh agent
    extensions: tuple[str, ...]  # of PostgreSQL, which a superuser creates in each database
    superuser: bool  # whether the app's account is one
    source: document.Document

    def scenario(self, name: str) -> Scenario:
        """A scenario by its name. DevError 2 for an unknown one."""
        if name not in self.scenarios:
            hint = did_you_mean(name, list(self.scenarios))
            raise DevError(USAGE, f"unknown scenario {name}", hint)
        return self.scenarios[name]

    def chain(self, name: str) -> list[Scenario]:
        """The scenarios to run for a scenario, in order. DevError 2 for an unknown one."""
        return scenarios.chain(self.scenarios, self.scenario(name).name)

    def command(self, name: str) -> tuple[str, ...]:
        """One of the service's commands. DevError 111 if dev.yaml does not declare it."""
        if name not in self.commands:
            raise self.source.error(("commands",), f"commands.{name} is missing", f"add a line `{name}: ...`")
        return self.commands[name]


def load(root: Path, any_name: bool = False) -> Config:
    """Read and check dev.yaml. DevError 111 with file and line for the first error.

    `any_name`: also with a name that is reserved now, for commands that look at or end what an earlier release started.
    """
    source = json_schema.load(root / "dev.yaml", SCHEMA)
    _check_contract(source)
    if not any_name:
        service_names.check(source)
    data = source.data
    budget = data.get("budget", {})
    if "install" in data.get("native", {}):
        commands.split(source, ("native", "install"))
    return Config(
        root=root,
        contract=data["contract"],
        level=data.get("level", "full"),
        service=data["service"],
        app=data["app"],
        port=data["port"],
        compose=data.get("compose", "compose.yaml"),
        commands={name: commands.split(source, ("commands", name)) for name in data.get("commands", {})},
        state=tuple(data.get("state", ())),
        migrations=tuple(data.get("migrations", MIGRATIONS)),
        scenarios={name: scenarios.read(source, name) for name in data.get("scenarios", {})},
        logins=tuple(_login(name, login) for name, login in data.get("logins", {}).items()),
        memory=_size(budget, "memory"),
        lean=_size(budget, "lean", "memory"),
        states=_size(budget, "states"),
        ready=units.duration(budget.get("ready", "60s")),
        debug=_debug(source),
        image=data.get("image", ""),
        native=data.get("native", {}),
        libraries={name: library(source, name) for name in data.get("libraries", {})},
        secrets=secrets.read(source),
        ssh=data.get("ssh", False),
        extensions=tuple(data.get("database", {}).get("extensions", ())),
        superuser=data.get("database", {}).get("superuser", False),
        source=source,
    )


def library(source: document.Document, name: str) -> Declared:
    """One entry of `libraries:`. DevError 111 with the line."""
    data = source.data["libraries"][name] or {}
    words = {key: commands.split(source, ("libraries", name, key)) for key in ("install", "remove") if key in data}
    return Declared(data.get("repo", ""), data.get("path", ""), words.get("install", ()), words.get("remove", ()))


def _size(budget: Mapping[str, str], *names: str) -> int | None:
    """The first of these keys that exists, in bytes."""
    return next((units.size(budget[name]) for name in names if name in budget), None)


def _check_contract(source: document.Document) -> None:
    version = source.data["contract"]
    if version.split(".")[0] != CONTRACT:
        hint = f'this .dev/ keeps contract {CONTRACT}.x: update it, or write contract: "{CONTRACT}.0"'
        raise source.error(("contract",), f"contract {version} is not supported", hint)


def _login(name: str, login: Mapping[str, str]) -> Login:
    return Login(name, login["username"], login["password"], login.get("path", "/"), login.get("help", ""))


def _debug(source: document.Document) -> Debug | None:
    data = source.data.get("debug")
    if data and data["port"] == source.data["port"]:
        raise source.error(("debug", "port"), f"debug.port: {data['port']} is the app's own port", "use another one")
    return Debug(data["port"], data.get("help", "")) if data else None
