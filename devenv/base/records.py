"""What this machine knows of each service: `~/.local/state/devenv/v1/WORKSPACE/SERVICE.json`.

CONTRACT.md has the schema. Other template versions read and write the same files, so unknown keys are kept.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from devenv.base import disk, locks, shapes
from devenv.base.shapes import ANY

# What this version of the tools reads. A value of another type, as in a damaged file, is as good as none.
UP = {
    "build": str,
    "compose": str,
    "folder": str,
    "image": str,
    "ids": {ANY: str},
    "debug": int,
    "libraries": {ANY: str},
    "secrets": [str],
}
PACKAGES = {"of": str, "names": [str]}
DATA = {
    **dict.fromkeys(("id", "generation", "live", "migrated", "branch", "state"), str),
    **{"files": {ANY: str}, "seeded": {ANY: dict}, "packages": PACKAGES, "sum": str, "stored": [str]},
}
SHAPE = {
    **dict.fromkeys(("checkout", "root", "commit", "engine", "edit", "use", "project", "network"), str),
    **{
        "port": int,
        "users": [str],
        "libraries": {ANY: str},
        "wired": {ANY: {"due": str, "outputs": {ANY: dict}}},
        "up": UP,
        "data": {ANY: DATA},
        "stores": {ANY: {ANY: {ANY: str}}},
    },
}

ID = "[0-9a-f]{16}"
IDENTITY = "id"
PORTS = "ports.json"  # here the ports that were drawn last (base/ports.py); of a service, those of its native servers


@dataclass
class Record:
    """One service in one workspace, as the last command left it."""

    service: str
    workspace: str
    checkout: str = ""  # the folder of the service's repository
    root: str = ""  # the folder where `dev.up` was typed; the same folder unless another repo required this one
    commit: str = ""  # the commit of a pinned checkout, else empty
    engine: str = ""
    port: int = 0
    edit: str = ""  # the source checkout that dev.edit chose, else empty
    use: str = ""  # the version that dev.use chose for this workspace, else empty
    libraries: dict[str, str] = field(default_factory=dict)  # by name: the checkout of each that dev.edit chose
    wired: dict[str, Any] = field(default_factory=dict)  # by provider: outputs of its wiring scenarios for this one
    project: str = ""  # the Compose project; empty in records of releases before 0.7
    network: str = ""  # the network that it joined; empty like that
    users: list[str] = field(default_factory=list)  # roots that use this service
    up: dict[str, Any] = field(default_factory=dict)  # what the last complete `dev.up` was made from
    data: dict[str, Any] = field(default_factory=dict)  # by engine: a copy of what is known of its data, see store.note
    # By engine and store (database, cache): its "password", see context/accounts.py; {} for data of an earlier release.
    stores: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)  # keys of a newer template version

    @property
    def edited_libraries(self) -> dict[str, str]:
        """The checkouts of libraries that exist, by name. One that is gone counts as not edited."""
        return {name: path for name, path in sorted(self.libraries.items()) if os.path.isdir(path)}

    def known(self, engine: str) -> dict[str, Any]:
        """The copy of what is known of the data in an engine; empty if there is none."""
        found = self.data.get(engine)
        return dict(found) if isinstance(found, dict) else {}


def user() -> str:
    """The name of this user; the id, if the system has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # OSError since Python 3.13
        return str(os.getuid())


def home() -> Path:
    """The folder of all records; XDG_STATE_HOME moves it (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base, "devenv", "v1")


def identity() -> str:
    """A random id of this state folder, made at its first use: it stays if the folder moves."""
    file = home() / IDENTITY
    known = file.read_text(errors="replace") if file.is_file() else ""
    if not re.fullmatch(ID, known):
        known = secrets.token_hex(8)
        home().mkdir(parents=True, exist_ok=True)
        replace_file(file, known)
    return known


def path(workspace: str, service: str, suffix: str = "json") -> Path:
    """The path of a service's record; its lock has another suffix."""
    return home() / workspace / f"{service}.{suffix}"


def read(workspace: str, service: str) -> Record:
    """The record of a service; an empty one if there is none or it cannot be read."""
    stored = shapes.read(path(workspace, service), SHAPE)
    if stored is None:
        return Record(service, workspace)
    if not 0 <= stored.get("port", 0) < 65536:
        del stored["port"]
    stored = {**stored, "service": service, "workspace": workspace}  # the path decides, not the content
    known = {f.name for f in fields(Record)} - {"other"}
    kept = {key: value for key, value in stored.items() if key not in known}
    # A folder may be reached by a link now: what runs there is still the same checkout.
    for key in stored.keys() & {"checkout", "root"}:
        stored[key] = _real(stored[key])
    stored["users"] = [*map(_real, stored.get("users", []))]
    return Record(**{**{k: v for k, v in stored.items() if k in known}, "other": kept})


def _real(path: str) -> str:
    return os.path.realpath(path) if os.path.isabs(path) and os.path.exists(path) else path


def is_whole(workspace: str, service: str) -> bool:
    """Whether `read` gives all that is in the file; False if it left out damaged parts."""
    page = path(workspace, service)
    try:
        return bool(shapes.read(page, SHAPE) == json.loads(page.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return False


def write(record: Record) -> None:
    """Replace a record in one step, so that a reader never sees half of one."""
    target = path(record.workspace, record.service)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = dict(vars(record))  # not asdict, which copies each value
    content = {**content.pop("other"), **content, "version": 1}
    replace_file(target, json.dumps(content, indent=2, sort_keys=True) + "\n")


def replace_file(target: Path, text: str, mode: int = 0o600) -> None:
    """Write a file in one step. By default only this user can read it: it may hold secrets. Its folder must exist."""
    disk.replace(target, text, mode)


def remove(workspace: str, service: str) -> None:
    """Forget a service and its stored states. With the last one of a workspace its folder goes, and with the last one
    of all the `identity`.
    """
    path(workspace, service).unlink(missing_ok=True)
    own = path(workspace, service).with_suffix("")
    shutil.rmtree(own / "states", ignore_errors=True)
    for suffix in ("env", "lock"):
        path(workspace, service, suffix).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # other services are in this workspace
        if own.is_dir():
            own.rmdir()
        own.parent.rmdir()
    if not any(home().glob("*/*")):  # nothing has a name that was made from it, nor a port
        for name in (IDENTITY, PORTS, "ports.lock"):
            (home() / name).unlink(missing_ok=True)


def of_workspace(workspace: str = "*") -> list[Record]:
    """The records of all services of a workspace; without a name, of all workspaces."""
    return [read(found.parent.name, found.stem) for found in sorted(home().glob(f"{workspace}/*.json"))]


def workspaces_of(checkout: Path, service: str = "*") -> list[str]:
    """The workspaces in which this checkout runs the service; without a name, any service."""
    found = home().glob(f"*/{service}.json")
    return sorted({p.parent.name for p in found if read(p.parent.name, p.stem).checkout == str(checkout)})


def change(workspace: str, service: str, command: str, edit: Callable[[Record], None]) -> Record:
    """Read, change and write a record while it is locked; returns it as written."""
    with locks.held(path(workspace, service, "lock"), command, alone=True):
        record = read(workspace, service)
        edit(record)
        write(record)
    return record
