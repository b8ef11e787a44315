# Owner: the template. Do not edit: updates replace this file.
"""dev.yaml as a value."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.base.errors import CONFIG, USAGE, DevError
from devenv.model import document, schema, units

SCHEMA = Path(__file__).parents[2] / "schema.json"
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
CONTRACT = "1"  # the major version of the contract that this code keeps


@dataclass(frozen=True)
class Scenario:
    """A named data set: the command that makes it, and its parameters with their defaults."""

    name: str
    command: tuple[str, ...]
    params: Mapping[str, str]
    help: str
    once: bool = False  # the command cannot be run on what it left
    after: str = ""  # "up": run when all is healthy; empty: before the app starts
    check: tuple[str, ...] = ()  # exit 0: the data is there; empty: the command's own exit code is believed

    def argv(self, given: Mapping[str, str]) -> list[str]:
        """The command with the parameters put in, each inside one argument. DevError 2 for unknown ones."""
        for name in given:
            if name not in self.params:
                hint = schema.did_you_mean(name, list(self.params))
                raise DevError(USAGE, f"scenario {self.name} has no parameter {name}", hint)
        return self._filled(self.command, given)

    def check_argv(self, given: Mapping[str, str]) -> list[str]:
        """The check with the parameters put in; empty where there is none."""
        return self._filled(self.check, given)

    def label(self, given: Mapping[str, str]) -> str:
        """What tells one data set of this scenario from another: its name, and parameters other than the defaults."""
        return " ".join([self.name, *(f"{k}={v}" for k, v in sorted(given.items()) if self.params[k] != v)])

    def _filled(self, command: tuple[str, ...], given: Mapping[str, str]) -> list[str]:
        return [_fill(word, {**self.params, **given}) for word in command]


@dataclass(frozen=True)
class Login:
    """Somebody who can log in once the default scenario is seeded."""

    name: str
    username: str
    password: str
    path: str
    help: str


@dataclass(frozen=True)
class Debug:
    """Where the debugger of compose.debug.yaml listens, and how to attach to it, in words."""

    port: int
    help: str


@dataclass(frozen=True)
class Config:
    """All of dev.yaml, checked. Commands are argument lists; memory is in bytes, ready in seconds."""

    root: Path
    contract: str
    level: str
    service: str
    app: str
    port: int
    compose: str
    commands: Mapping[str, tuple[str, ...]]
    state: tuple[str, ...]
    scenarios: Mapping[str, Scenario]
    logins: tuple[Login, ...]
    memory: int | None
    lean: int | None  # memory while another repository requires this one
    ready: float
    debug: Debug | None
    image: str  # the name of a released image, with {version} in it; empty where there is none
    native: Mapping[str, str]  # how the native engine makes the app's environment: python, node, install
    source: document.Document

    def scenario(self, name: str) -> Scenario:
        """A scenario by its name. DevError 2 for an unknown one."""
        if name not in self.scenarios:
            hint = schema.did_you_mean(name, list(self.scenarios))
            raise DevError(USAGE, f"there is no scenario {name}", hint)
        return self.scenarios[name]

    def command(self, name: str) -> tuple[str, ...]:
        """One of the service's own commands. DevError 111 where dev.yaml does not declare it."""
        if name not in self.commands:
            raise self.source.error(("commands",), f"commands.{name} is missing", f"add a line `{name}: ...`")
        return self.commands[name]


def load(root: Path) -> Config:
    """Read and check dev.yaml. DevError 111 with file and line for anything that is not allowed."""
    source = document.load(root / "dev.yaml")
    schema.check(source, json.loads(SCHEMA.read_text()))
    _check_contract(source)
    data = source.data
    budget = data.get("budget", {})
    return Config(
        root=root,
        contract=data["contract"],
        level=data.get("level", "full"),
        service=data["service"],
        app=data["app"],
        port=data["port"],
        compose=data.get("compose", "compose.yaml"),
        commands={name: _split(source, ("commands", name)) for name in data.get("commands", {})},
        state=tuple(data.get("state", ())),
        scenarios={name: _scenario(source, name) for name in data.get("scenarios", {})},
        logins=tuple(_login(name, login) for name, login in data.get("logins", {}).items()),
        memory=_memory(budget, "memory"),
        lean=_memory(budget, "lean", "memory"),
        ready=units.duration(budget.get("ready", "60s")),
        debug=_debug(source),
        image=data.get("image", ""),
        native=data.get("native", {}),
        source=source,
    )


def _memory(budget: Mapping[str, str], *names: str) -> int | None:
    """The first of these keys that is there, in bytes."""
    return next((units.size(budget[name]) for name in names if name in budget), None)


def _check_contract(source: document.Document) -> None:
    version = source.data["contract"]
    if version.split(".")[0] != CONTRACT:
        hint = f'this .dev/ keeps contract {CONTRACT}.x: update it, or write contract: "{CONTRACT}.0"'
        raise source.error(("contract",), f"contract {version} is not known here", hint)


def _login(name: str, login: Mapping[str, str]) -> Login:
    return Login(name, login["username"], login["password"], login.get("path", "/"), login.get("help", ""))


def _debug(source: document.Document) -> Debug | None:
    data = source.data.get("debug")
    if data and data["port"] == source.data["port"]:
        raise source.error(("debug", "port"), f"debug.port: {data['port']} is the app's own port", "take another one")
    return Debug(data["port"], data.get("help", "")) if data else None


def _scenario(source: document.Document, name: str) -> Scenario:
    data = source.data["scenarios"][name]
    params = {key: str(value) for key, value in data.get("params", {}).items()}
    commands = {key: _split(source, ("scenarios", name, key)) for key in ("run", "check") if key in data}
    for key, command in commands.items():
        for word in command:
            _check_placeholders(source, ("scenarios", name, key), word, params)
    return Scenario(
        name,
        commands["run"],
        params,
        help=data.get("help", ""),
        once=data.get("once", False),
        after=data.get("after", ""),
        check=commands.get("check", ()),
    )


def _split(source: document.Document, keys: tuple[Any, ...]) -> tuple[str, ...]:
    value = source.data
    for key in keys:
        value = value[key]
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise source.error(keys, f"{'.'.join(keys)}: {error}", "close the quote") from None


def _check_placeholders(source: document.Document, keys: tuple[Any, ...], word: str, params: Mapping[str, str]) -> None:
    try:
        _fill(word, params)
    except DevError as error:
        raise source.error(keys, error.message, *error.hints) from None


def _fill(word: str, values: Mapping[str, str]) -> str:
    """Put parameters into one argument. Other braces, such as those of JSON, stay as they are."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            hint = schema.did_you_mean(match[1], list(values))
            raise DevError(CONFIG, f"{match[0]} is no parameter of this scenario", hint)
        return values[match[1]]

    return PLACEHOLDER.sub(value, word)
