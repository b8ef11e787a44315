"""Roots of one workspace that share a required service: who uses it, and that nobody switches it under another."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devenv.base import locks, output, records
from devenv.base.errors import CONFLICT, DevError
from devenv.context import workspace
from devenv.engines.protocol import Place
from devenv.required import lockfile, mirrors, protocol
from devenv.required.members import Member


def join(place: Place, member: Member) -> Member:
    """Note that this root uses the service, before it starts: another root that stops leaves it alone then.

    DevError 113 when another root is up that wants another version of it.
    """

    def change(record: records.Record) -> None:
        record.users = _there(record.users)
        if not member.edited:
            refuse_switch(place, member.pin, member.checkout, record)
        record.users = sorted({*record.users, str(place.root)})
        if place.workspace != workspace.MAIN:  # no port is declared there: the first root that starts it chooses
            record.port = record.port or member.port

    record = records.change(place.workspace, member.name, "dev.up", change)
    return member._replace(port=record.port or member.port)


def leave(place: Place, service: str) -> bool:
    """Note that this root does not use the service any more; True when nobody does."""
    root = str(place.root)

    def change(record: records.Record) -> None:
        record.users = [user for user in _there(record.users) if user != root]

    return not records.change(place.workspace, service, "dev.down", change).users


def refuse_switch(place: Place, pin: lockfile.Pin, checkout: Path, record: records.Record) -> None:
    """DevError 113 when another root that is up wants another version. One that is not is no user any more."""
    if record.use or record.checkout == str(checkout):
        return  # what dev.use chose, it chose for the whole workspace
    for other in [user for user in record.users if user != str(place.root)]:
        version = _other_version(other, pin, record)
        if not version:
            continue
        if is_up(place, other):
            raise _conflict(place, pin, other, version)
        record.users.remove(other)
        output.say(f"  {pin.name}: {other} wanted {version}, and is not up any more")


def is_up(place: Place, root: str) -> bool:
    """Whether another root's service runs in this workspace, or its dev.up is in progress."""
    if locks.is_held(_progress(Path(root), place.workspace)):
        return True
    record = next((record for record in records.of_workspace(place.workspace) if record.checkout == root), None)
    if not record:
        return False
    env_file = records.path(place.workspace, record.service, "env")
    handed = protocol.Handed(place.workspace, record.port, record.engine, place.network, False, env_file)
    log = place.root / ".dev" / "local" / "logs" / f"{record.service}.dev.status.log"
    try:
        said = protocol.call(record.service, Path(root), handed, "dev.status", ("--only", "--json"), log)
    except DevError:  # broken at the moment, as in the middle of an edit: no reason to take its services away
        return True
    return bool(said.get("healthy") or said.get("memory"))


@contextmanager
def in_progress(place: Place) -> Iterator[None]:
    """Let other roots see that this one is coming up, before anything of its own runs."""
    with locks.held(_progress(place.root, place.workspace), "dev.up", alone=True):
        yield


def _there(roots: Sequence[str]) -> list[str]:
    """A root whose folder was removed uses nothing any more."""
    return [root for root in roots if os.path.isdir(root)]


def _progress(root: Path, name: str) -> Path:
    return root / ".dev" / "local" / f"stack-{name}.lock"


def _other_version(other: str, pin: lockfile.Pin, record: records.Record) -> str:
    """What another root wants instead: a version, `source` for the service's own checkout, empty for the same."""
    if record.checkout == other:
        return "source"
    try:
        lock = lockfile.read(Path(other)) or lockfile.NOTHING
    except DevError:  # it needs a hand before it can run anything
        return ""
    theirs = lock.pins.get(pin.name)
    if not theirs or theirs.commit == pin.commit:
        return ""
    release = mirrors.of(theirs.repo, Path(other)).is_release(theirs.version, theirs.commit)
    return theirs.version if release else theirs.commit[:12]  # a branch has moved on since


def _conflict(place: Place, pin: lockfile.Pin, other: str, version: str) -> DevError:
    name, folder, here = pin.name, shlex.quote(other), place.workspace
    same = f"edit {name} {folder}" if version == "source" else f"use {name}={version}"
    return DevError(
        CONFLICT,
        f"{name} runs once in workspace {here}: {other} is up and wants {version}, {place.root} wants {pin.words}",
        f"to stop that one: make -C {folder} dev.down ARGS='--workspace {here}'",
        f"to run both, each with its own: inv dev.up --workspace {workspace.another(here)}",
        f"to run {version} here too: inv dev.{same}",
        f"or, for good: `override: {{{name}: VERSION}}` in a dev.yaml",
    )
