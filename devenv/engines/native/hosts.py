"""`catalog.localhost` for the app's own processes: a hosts file that only they see.

It is mounted over /etc/hosts in a mount namespace of theirs, so nothing changes for anybody else, and it needs
neither root nor a resolver package. Linux only: elsewhere, and where the kernel refuses, there is no wrapper.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import socket
from pathlib import Path

from devenv.base import process, records
from devenv.engines.native import folders

ETC = Path("/etc/hosts")
MOUNT = 'mount --bind "$0" /etc/hosts && exec "$@"'
FILE = "hosts"


def wrapper(workspace: str, service: str) -> tuple[str, ...]:
    """What stands before a command, so that it sees the names of all services of its workspace."""
    own = folders.service(workspace, service) / FILE
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
        file = folders.service(workspace, name) / FILE
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
