"""Ports of this machine's loopback address."""

from __future__ import annotations

import contextlib
import socket
import time

POLL = 0.1  # seconds between two attempts
SLOW = 3.0  # seconds after which a page that has not answered counts as slow


def is_free(port: int) -> bool:
    """Whether the port is free on 127.0.0.1."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return True
    return False


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
        with socket.create_connection(("127.0.0.1", port), timeout=SLOW) as connection:
            connection.sendall(request.encode())
            return bool(connection.recv(1))
    except socket.timeout:
        return True
    except OSError:
        return False
