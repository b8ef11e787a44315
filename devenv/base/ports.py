"""Ports of this machine's loopback addresses."""

from __future__ import annotations

import errno
import json
import random
import socket
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from devenv.base import disk, locks, records, shapes
from devenv.base.shapes import ANY

# Below the range of ephemeral ports, so that no outgoing connection takes one of ours by chance.
RANGE = (20000, 32000)
REMEMBERED = 4000  # ports: that many others are drawn before one is drawn again
LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
POLL = 0.1  # seconds between two attempts
SLOW = 3.0  # seconds after which a page that has not answered counts as slow


def draw() -> int:
    """A port that is free now. No other command of this user draws it, nor one that is on record.

    From here until a service listens, the file `ports.json` of the machine's state has it.
    """
    with _locked():
        last = _remembered()
        taken = {*last, *_recorded()}
        port = next(port for port in iter(lambda: random.randint(*RANGE), 0) if port not in taken and is_free(port))
        _remember([*last, port])
    return port


def keep(ports: Collection[int]) -> None:
    """Let no command draw these ports, which are declared by services that start soon."""
    if set(ports) <= set(_remembered()):
        return
    with _locked():
        last = _remembered()
        _remember([*(port for port in last if port not in ports), *ports])


def _locked() -> AbstractContextManager[None]:
    return locks.held(_file().with_suffix(".lock"), "a port", alone=True, brief=True)


def _file() -> Path:
    return records.home() / records.PORTS


def _remembered() -> list[int]:
    return list(shapes.read(_file(), [int]) or [])


def _remember(ports: list[int]) -> None:
    # Not flushed: after a power cut, nothing that was about to listen still runs.
    disk.replace(_file(), json.dumps(ports[-REMEMBERED:]), 0o600, lasting=False)


def _recorded() -> set[int]:
    """The ports of all services on this machine: of the apps, of their debuggers, and natively of their servers."""
    known = records.of_workspace()
    servers = (shapes.read(file, {ANY: int}) or {} for file in records.home().glob(f"*/*/native/{records.PORTS}"))
    apps = {port for record in known for port in (record.port, record.up.get("debug", 0))}
    return apps | {port for found in servers for port in found.values()}


def is_free(port: int) -> bool:
    """Whether the port is free on this machine's loopback.

    Also on ::1, although our services do not listen there: browsers try it first, and would find another program.
    """
    return all(_binds(*place, port) and not listens(port, *place) for place in LOOPBACK)


def _binds(family: int, address: str, port: int) -> bool:
    try:
        with socket.socket(family) as listener:
            # Connections that ended a moment ago do not count. On BSD and macOS, neither does a server on all
            # addresses, which `listens` finds.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
    except OSError as error:
        return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # a machine without IPv6
    return True


def listens(port: int, family: int = socket.AF_INET, address: str = "127.0.0.1") -> bool:
    """Whether a process listens on the port."""
    with suppress(OSError), socket.socket(family) as made:
        made.settimeout(1)
        made.connect((address, port))
        return bool(made.getsockname() != made.getpeername())  # not to itself: the system may choose this very port
    return False


def dial(port: int, patience: float) -> socket.socket:
    """A connection to the port, which waits `patience` seconds for each answer. OSError if nothing listens.

    socket.create_connection would look up a name, and for that import a codec, which takes 3 ms.
    """
    made = socket.socket()
    made.settimeout(patience)
    try:
        made.connect(("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made


def answers(port: int, host: str, patience: float) -> bool:
    """Whether a web server answers within `patience` seconds, with any response. A slow server counts as answering."""
    until = time.monotonic() + patience
    while not _says_a_word(port, host):
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def _says_a_word(port: int, host: str) -> bool:
    request = f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with dial(port, SLOW) as connection:
            connection.sendall(request.encode())
            return bool(connection.recv(1))
    except socket.timeout:
        return True
    except OSError:
        return False
