"""Where the services of a workspace find each other: the host's name for their processes, a port for each server.

`catalog.localhost` is in a hosts file that only the app's own processes see. It is mounted over /etc/hosts in their
mount namespace, so nothing changes for other programs, and it needs neither root nor a resolver package. Linux only:
elsewhere, or if the kernel refuses, there is no wrapper.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import random
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from devenv.base import process, records
from devenv.base.ports import is_free
from devenv.engines.native import folders, processes

ETC = Path("/etc/hosts")
MOUNT = 'mount --bind "$0" /etc/hosts && exec "$@"'
HOSTS = "hosts"
# Below the range from which systems hand out ports by themselves, so that no connection sits on ours by chance.
RANGE = (20000, 32000)


def wrapper(workspace: str, service: str) -> tuple[str, ...]:
    """What stands before a command, so that it sees the names of all services of its workspace."""
    own = folders.service(workspace, service) / HOSTS
    return (*_namespace(), "sh", "-c", MOUNT, str(own)) if _allowed() else ()


def host(service: str) -> str:
    """The name under which the service is reached: by its own where processes can resolve that, else localhost."""
    name = f"{service}.localhost"
    return name if _allowed() or _resolves(name) else "localhost"


def refresh(workspace: str, service: str) -> None:
    """Write the hosts files of a workspace: each lists all its services, so that a new one is known to those that run.

    In place, since running processes have the very file mounted.
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
    with contextlib.suppress(FileNotFoundError):  # a service that is destroyed at this moment
        if file.parent.is_dir() and not (file.exists() and file.read_text() == text):
            file.write_text(text)


def _namespace() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ("unshare", "--mount")
    return ("unshare", "--map-current-user", "--keep-caps", "--mount")


@functools.cache
def _allowed() -> bool:
    """Tried and not guessed: containers, seccomp, AppArmor and sysctls each may forbid it."""
    if not (shutil.which("unshare") and ETC.exists()):
        return False
    return process.capture([*_namespace(), "sh", "-c", MOUNT, str(ETC), "true"]).code == 0


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, 80))
    except OSError:
        return False


def assign(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """The port of each service; those that have none yet, or whose port is taken, get a free one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "ports.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = _read(file)
        ports = {name: _keep(folder / name, known.get(name, 0)) or free(set(known.values())) for name in names}
        if ports != known:
            file.truncate(0)
            file.write(json.dumps({**known, **ports}))
    return ports


def free(taken: set[int]) -> int:
    """A port on which nobody listens."""
    while True:
        port = random.randint(*RANGE)
        if port not in taken and is_free(port):
            return port


def listens(port: int) -> bool:
    """Whether somebody answers on the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _keep(unit: Path, port: int) -> int:
    """The port where it is free or where its own service listens on it, else 0."""
    if port and (is_free(port) or processes.is_alive(unit)):
        return port
    return 0


def _read(file: TextIO) -> dict[str, int]:
    file.seek(0)
    try:
        return dict(json.load(file))
    except ValueError:
        return {}
