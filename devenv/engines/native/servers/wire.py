"""Whether a server accepts connections, checked in its own protocol.

A client is not used: it would need a process for each check, and not every machine with a server has it.
"""

from __future__ import annotations

import contextlib
import struct

from devenv.base import ports

TIMEOUT = 2.0  # seconds
PROTOCOL = 196608  # version 3.0, since PostgreSQL 7.4
STARTING = b"57P03"  # the SQLSTATE cannot_connect_now


def postgres(port: int, user: str) -> bool:
    """Like pg_isready: a server that asks for the password is ready. While it starts or recovers, it reports that."""
    words = b"user\0" + user.encode() + b"\0database\0postgres\0\0"
    answer = _ask(port, struct.pack("!ii", len(words) + 8, PROTOCOL) + words)
    return bool(answer) and STARTING not in answer


def redis(port: int) -> bool:
    """A server that asks for a password is ready. While it loads its data, it reports that."""
    return _ask(port, b"PING\r\n")[:5] in (b"+PONG", b"-NOAU")


def mysql(port: int) -> bool:
    """The server sends the first packet: four bytes of length and number, then the protocol version, 10."""
    return _ask(port, b"")[4:5] == b"\x0a"


def _ask(port: int, question: bytes) -> bytes:
    """The first bytes of the answer; empty if the server does not answer."""
    with contextlib.suppress(OSError), ports.dial(port, TIMEOUT) as wire:
        wire.sendall(question)
        return wire.recv(512)
    return b""
