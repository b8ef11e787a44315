"""Which source of a required service runs (the pinned commit or an edited checkout), and who uses it.

A service runs once in each workspace, so several roots may share it. `dev.edit` and `dev.use` choose its source for all
of them. No root switches it while another one that is up wants something else. If they are typed in a checkout that
another root drives, both verbs are passed to that root, which carries them out in its stack.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devenv.base import events, locks, process, records
from devenv.base.errors import CONFLICT, USAGE, DevError, did_you_mean
from devenv.context import workspace
from devenv.context.environment import Environment
from devenv.engines.interface import Place
from devenv.model import document, requirements
from devenv.required import lockfile, mirrors, protocol


def edit(env: Environment, name: str, given: str) -> Path:
    """Run a source checkout of a required service from now on. It is cloned next to this repository if it is missing.

    An existing checkout is used as it is, with uncommitted changes.
    """
    pin = _pin(env, name)
    path = Path(given).expanduser().resolve() if given else env.place.root.parent / name
    if not path.exists():
        events.note(f"cloning {pin.repo} into {path}")
        # A branch at the pinned commit: these versions were tested together.
        mirrors.of(pin.repo, env.place.root).clone(pin.commit, path, "--create", f"from-{pin.version}")
    _check_service(path, name)

    def change(record: records.Record) -> None:
        record.edit, record.use = str(path), ""

    records.change(env.place.workspace, name, "dev.edit", change)
    return path


def use(env: Environment, name: str, version: str) -> None:
    """Go back to the pinned version, or to another one in this workspace alone. DevError 113: see `refuse_switch`."""
    pin = _pin(env, name)
    mirror = mirrors.of(pin.repo, env.place.root)
    checkout = mirror.checkout(mirror.commit(version or pin.commit))  # DevError 111 for an unknown version

    def change(record: records.Record) -> None:
        record.users = [user for user in record.users if user != record.edit]  # it is not a root of its own any more
        record.edit, record.use = "", version
        refuse_switch(env.place, pin, checkout, record)

    records.change(env.place.workspace, name, "dev.use", change)


def requires(env: Environment, name: str) -> bool:
    """Whether a service of this name is required, by dev.yaml and by dev.lock as they are."""
    return name in requirements.of(env.config.source) or name in lockfile.known(env.config.root)


def _pin(env: Environment, name: str) -> lockfile.Pin:
    pins = lockfile.current(env.config).pins
    if name not in pins:
        raise DevError(USAGE, f"{env.config.service} does not require {name}", did_you_mean(name, list(pins)))
    return pins[name]


def _check_service(path: Path, name: str) -> None:
    source = document.load(path / "dev.yaml")
    requirements.check_contract(source)
    service = source.data.get("service")
    if service != name:
        raise DevError(CONFLICT, f"{path} is the service {service}, not {name}", f"inv dev.edit {name} PATH")


def root_for(env: Environment, task: str, name: str) -> str:
    """The root in whose stack `name` is switched; empty: this repository.

    DevError 113 if several are up: each has its own checkout next to it, and its own pinned version.
    """
    others = [user for user in env.record.users if Path(user).is_dir()]
    if str(env.place.root) in others:
        return ""
    roots = [other for other in others if name in _pins(other)]
    if not roots and name in requirements.of(env.config.source):
        return ""
    roots = roots or others  # the root reports that the name is wrong
    if len(roots) > 1:
        roots = [root for root in roots if is_up(env.place, root)] or roots
    if len(roots) > 1:
        words = f"{task} {name} --workspace {env.place.workspace}"
        hints = [f"{shlex.quote(_launcher(root))} {words}" for root in roots]
        raise DevError(CONFLICT, f"{name} runs for several: {', '.join(roots)}", *hints)
    return "".join(roots)


def hand_over(env: Environment, root: str, task: str, words: Sequence[str]) -> int:
    """Let another root carry out a task in this workspace; returns its exit code. Paths in `words` are absolute."""
    events.note(f"{env.config.service} runs in the stack of {root}, which carries this out:")
    argv = [_launcher(root), task, *words, "--workspace", env.place.workspace]
    return process.attach(argv, protocol.users_environment())


def _launcher(root: str) -> str:
    return str(Path(root, ".dev", "run"))


def _pins(root: str) -> Sequence[str]:
    try:
        return list((lockfile.read(Path(root)) or lockfile.NOTHING).pins)
    except DevError:
        return []  # that root reports the error when it runs


def join(place: Place, pin: lockfile.Pin, checkout: Path, port: int, edited: bool) -> int:
    """Record that this root uses the service, before it starts, so that no other root stops it.

    Returns its port: the one that it already has in this workspace, else `port`. DevError 113 if another root is up
    that wants another version; a source checkout (`edited`) applies to the whole workspace.
    """

    def change(record: records.Record) -> None:
        record.users = _there(record.users)
        if not edited:
            refuse_switch(place, pin, checkout, record)
        record.users = sorted({*record.users, str(place.root)})
        if place.workspace != workspace.MAIN:  # ports are not declared there: the first root that starts it chooses
            record.port = record.port or port

    return records.change(place.workspace, pin.name, "dev.up", change).port or port


@contextmanager
def withdrawn_if_failed(place: Place, services: Sequence[str]) -> Iterator[None]:
    """If the block fails, this root uses no service that it did not use before."""
    root = str(place.root)
    before = {name for name in services if root in records.read(place.workspace, name).users}
    try:
        yield
    except BaseException:
        for name in set(services) - before:
            leave(place.root, place.workspace, name)
        raise


def leave(root: Path, workspace: str, service: str) -> bool:
    """Record that this root does not use the service any more; True if no other root does."""

    def change(record: records.Record) -> None:
        record.users = [user for user in _there(record.users) if user != str(root)]

    return not records.change(workspace, service, "dev.down", change).users


def is_used_elsewhere(root: Path, workspace: str, service: str) -> bool:
    """Whether another root uses the service."""
    return any(user != str(root) for user in _there(records.read(workspace, service).users))


def refuse_switch(place: Place, pin: lockfile.Pin, checkout: Path, record: records.Record) -> None:
    """DevError 113 if another root that is up wants another version. Roots that are not up lose their claim."""
    if record.use or record.checkout == str(checkout):
        return  # dev.use chose for the whole workspace
    for other in [user for user in record.users if user != str(place.root)]:
        version = _other_version(other, pin, record)
        if not version:
            continue
        if is_up(place, other):
            raise _conflict(place, pin, other, version)
        record.users.remove(other)
        events.note(f"  {pin.name}: {other} wanted {version}, and is not up any more")


def _other_version(other: str, pin: lockfile.Pin, record: records.Record) -> str:
    """The version that another root wants instead; `source` for the service's own checkout, empty for the same."""
    if record.checkout == other:
        return "source"
    try:
        lock = lockfile.read(Path(other)) or lockfile.NOTHING
    except DevError:  # that root is broken, so it cannot run anything
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


def is_up(place: Place, root: str) -> bool:
    """Whether another root's service runs in this workspace, or its dev.up is running."""
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
    except DevError:  # that root is broken, perhaps in the middle of an edit: keep its services
        return True
    return protocol.runs(said)


@contextmanager
def in_progress(place: Place) -> Iterator[None]:
    """Let other roots see that this one is starting, before anything of it runs."""
    with locks.held(_progress(place.root, place.workspace), "dev.up", alone=True):
        yield


def _progress(root: Path, name: str) -> Path:
    return root / ".dev" / "local" / f"stack-{name}.lock"


def _there(roots: Sequence[str]) -> list[str]:
    """The roots whose folder still exists."""
    return [root for root in roots if os.path.isdir(root)]
