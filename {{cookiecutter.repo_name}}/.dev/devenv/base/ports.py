# Owner: the template. Do not edit: updates replace this file.
"""Ports of this machine's loopback address."""

from __future__ import annotations

import contextlib
import socket


def is_free(port: int) -> bool:
    """Whether one could listen on the port of 127.0.0.1."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return True
    return False
