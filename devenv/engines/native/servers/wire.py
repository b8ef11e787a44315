"""Whether a server takes connections, asked in its own protocol.

Not through its client: that costs a process for each question, and not every machine that has a server has one.
"""

from __future__ import annotations

import contextlib
import socket
import struct

TIMEOUT = 2.0  # seconds
PROTOCOL = 196608  # version 3.0, since PostgreSQL 7.4
STARTING = b"57P03"  # the SQLSTATE cannot_connect_now


def postgres(port: int, user: str) -> bool:
    """As pg_isready does it: a server that asks for the password is ready, one that starts or recovers says so."""
    words = b"user\0" + user.encode() + b"\0database\0postgres\0\0"
    answer = _ask(port, struct.pack("!ii", len(words) + 8, PROTOCOL) + words)
    return bool(answer) and STARTING not in answer


def redis(port: int) -> bool:
    """A server that asks for a password is ready; one that still loads its data says so."""
    return _ask(port, b"PING\r\n")[:5] in (b"+PONG", b"-NOAU")


def mysql(port: int) -> bool:
    """It greets by itself: after the four bytes of length and number comes its protocol's version, 10."""
    return _ask(port, b"")[4:5] == b"\x0a"


def _ask(port: int, question: bytes) -> bytes:
    """The first bytes that it answers; none where nobody does."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as wire:
        wire.sendall(question)
        return wire.recv(512)
    return b""
