"""How the services of a workspace find each other: host names for their processes, a port for each server.

`catalog.localhost` is in a hosts file that only the app's processes see. It is mounted over /etc/hosts in their mount
namespace, so nothing changes for other programs, and it needs neither root nor a resolver package. It works on Linux
only: elsewhere, or if the kernel refuses, commands run without the wrapper.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.base import disk, ports, process, records, shapes, system
from devenv.engines.native import folders, processes

ETC = Path("/etc/hosts")
MOUNT = 'mount --bind "$0" /etc/hosts && exec "$@"'
HOSTS = processes.HOSTS
_drawn: dict[Path, int] = {}


def wrapper(workspace: str, service: str, unit: str = "") -> tuple[str, ...]:
    """The prefix for a command that must see the names of all services of its workspace.

    `unit`: the command is the unit's, which is found by it (processes.confined); else a person's.
    """
    own = folders.service(workspace, service) / unit / HOSTS
    return (*_namespace(), "sh", "-c", MOUNT, str(own)) if _allowed() else ()


def link(workspace: str, service: str, unit: str) -> None:
    """Let a unit have the hosts file of its service: one file with several names, since it is written in place."""
    own, shared = folders.service(workspace, service) / unit / HOSTS, folders.service(workspace, service) / HOSTS
    if not (own.exists() and own.samefile(shared)):
        own.parent.mkdir(parents=True, exist_ok=True)
        own.unlink(missing_ok=True)
        try:
            os.link(shared, own)
        except OSError:  # a disk without hard links: the names work, and daemons of the unit are not found by it
            own.symlink_to(shared)


def host(service: str) -> str:
    """The host name of the service: its own name if processes can resolve that, else localhost."""
    name = f"{service}.localhost"
    return name if _allowed() or _resolves(name) else "localhost"


def refresh(workspace: str, service: str) -> None:
    """Write the hosts files of a workspace. Each lists all services, so that running ones see a new one.

    They are written in place, since running processes have these files mounted.
    """
    names = {service, *(path.stem for path in (records.home() / workspace).glob("*.json"))}
    lines = "".join(f"127.0.0.1 {name}.localhost\n" for name in sorted(names))
    system = ETC.read_text() if ETC.exists() else ""
    for name in names:
        file = folders.service(workspace, name) / HOSTS
        if name == service:
            file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, f"{system.rstrip()}\n{lines}")


def _write(file: Path, text: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # another command destroys the service right now
        if file.parent.is_dir() and not (file.exists() and file.read_bytes() == text.encode()):
            file.write_text(text)


def _namespace() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ("unshare", "--mount")
    return ("unshare", "--map-current-user", "--keep-caps", "--mount")


@functools.cache
def _allowed() -> bool:
    """Whether mounting works. It is tried, since containers, seccomp, AppArmor and sysctls may each forbid it."""
    if system.PORTABLE or not (shutil.which("unshare") and ETC.exists()):
        return False
    return process.capture([*_namespace(), "mount", "--bind", str(ETC), str(ETC)]).code == 0


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, 80))
    except OSError:
        return False


def assign(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """The port of each server. One without a port, or whose port is taken, gets a free one. `note` keeps them.

    Writes nothing: commands that only look must leave nothing behind.
    """
    known = _read(folder)
    return {name: _keep(folder / name, known.get(name, 0)) or _draw(folder / name) for name in names}


def note(folder: Path, chosen: Mapping[str, int]) -> None:
    """Keep the ports of servers that start now. The caller holds the lock of the service."""
    known = _read(folder)
    if {**known, **chosen} != known:
        folder.mkdir(parents=True, exist_ok=True)
        disk.replace(folder / records.PORTS, json.dumps({**known, **chosen}), 0o600, lasting=False)


def _draw(unit: Path) -> int:
    """A new port for a server: the same one each time that this command reads compose.yaml."""
    if unit not in _drawn:
        _drawn[unit] = ports.draw()
    return _drawn[unit]


def _keep(unit: Path, port: int) -> int:
    """The port if it is free or if its own service listens on it, else 0."""
    if 0 < port < 65536 and (ports.is_free(port) or processes.is_alive(unit)):
        return port
    return 0


def _read(folder: Path) -> dict[str, int]:
    """Those that were noted. If the file is damaged, every server gets a new one, and the app is started again."""
    return dict(shapes.read(folder / records.PORTS, {shapes.ANY: int}) or {})
