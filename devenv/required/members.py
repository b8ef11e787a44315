"""The services that run for this root: for each its pin, its checkout, its port, and whom it needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from devenv.base import records
from devenv.base.errors import CONFLICT, DevError
from devenv.context import workspace
from devenv.context.environment import Environment
from devenv.engines import choice
from devenv.model import document, requirements, units
from devenv.required import lockfile, mirrors


class Member(NamedTuple):
    """A required service as it will run here."""

    pin: lockfile.Pin
    checkout: Path
    host: str
    port: int
    edited: bool  # a source checkout with reload, instead of the pinned one
    requires: Mapping[str, requirements.Requirement]
    memory: int | None  # its budget in bytes
    release: str = ""  # the tag of exactly what runs; empty for a source checkout, a branch or a commit

    @property
    def name(self) -> str:
        """The service's name."""
        return self.pin.name

    @property
    def url(self) -> str:
        """Its one address."""
        return f"http://{self.host}:{self.port}"

    @property
    def runs(self) -> str:
        """Which one it is, in words."""
        return f"source {self.checkout}" if self.edited else self.pin.words


def of(env: Environment) -> list[Member]:
    """All that this repository needs, whom they need first; where they need each other, by name."""
    lock = lockfile.current(env.config)
    members = {name: _member(env, pin) for name, pin in lock.pins.items()}
    _check_ports(env, members)
    return in_order(members)


def in_order(members: Mapping[str, Member]) -> list[Member]:
    """Whoever is needed before whoever needs it. A cycle is entered at its first name and left where it closes."""
    done: dict[str, Member] = {}
    entered: set[str] = set()

    def visit(name: str) -> None:
        if name in entered or name not in members:
            return
        entered.add(name)
        for needed in sorted(members[name].requires):
            visit(needed)
        done[name] = members[name]

    for name in sorted(members):
        visit(name)
    return list(done.values())


def _member(env: Environment, pin: lockfile.Pin) -> Member:
    record = records.read(env.place.workspace, pin.name)
    edited = record.edit if record.edit and Path(record.edit).is_dir() else ""
    pin = _chosen(env, pin, record.use)
    mirror = mirrors.of(pin.repo, env.place.root)
    checkout = Path(edited) if edited else mirror.checkout(pin.commit)
    release = pin.version if not edited and mirror.is_release(pin.version, pin.commit) else ""
    source = document.load(checkout / "dev.yaml")
    requirements.check_contract(source)
    port = record.port or (_port(source) if env.place.workspace == workspace.MAIN else workspace.free_port())
    host = choice.host(env.engine.name, pin.name)
    memory = _memory(source, bool(edited))
    return Member(pin, checkout, host, port, bool(edited), requirements.of(source), memory, release)


def _port(source: document.Document) -> int:
    """The declared port. Another repository's dev.yaml is checked by nobody but its own tasks."""
    port = source.data.get("port")
    if not isinstance(port, int):
        raise source.error(("port",), f"port: must be a whole number, in {source.path.parent}")
    return port


def _memory(source: document.Document, edited: bool) -> int | None:
    try:
        budget = source.data["budget"]
        return units.size(budget["memory" if edited or "lean" not in budget else "lean"])
    except (KeyError, TypeError, ValueError):
        return None  # it only adds to a sum that is shown


def _chosen(env: Environment, pin: lockfile.Pin, version: str) -> lockfile.Pin:
    """The pin, or the version that dev.use chose for this workspace."""
    if not version:
        return pin
    return pin._replace(version=version, commit=mirrors.of(pin.repo, env.place.root).commit(version))


def _check_ports(env: Environment, members: Mapping[str, Member]) -> None:
    """DevError 113 when two services want the same port: each publishes the one that it declares."""
    taken = {env.port: env.config.service}
    for member in members.values():
        other = taken.setdefault(member.port, member.name)
        if other != member.name:
            ours = other == env.config.service  # only this port is for --port to say
            beside = workspace.another(env.place.workspace)
            hint = f"--port {workspace.free_port()}" if ours else f"--workspace {beside}"
            message = f"{other} and {member.name} both want port {member.port}"
            raise DevError(CONFLICT, message, f"inv dev.up {hint}", "or another port in a dev.yaml")
