"""The memory of containers, from the engine's API."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from devenv.base.system.cgroups import in_use
from devenv.engines.interface import State

if TYPE_CHECKING:
    from http.client import HTTPConnection  # slow to import

DIAL = ("docker", "system", "dial-stdio")  # reaches the engine wherever it is, also over ssh
ANSWER = 5.0  # seconds in which the engine answers


def memory(states: Mapping[str, State]) -> dict[str, int]:
    """Bytes in use by service, as `docker stats` counts, which takes two seconds: it compares two measurements.

    A service is left out if the engine cannot count: an ordinary user's, with cgroups of version 1, gives that of the
    whole machine.
    """
    running = {name: state.id for name, state in states.items() if state.running}
    with _dialled() as engine:
        found = {name: _used(engine, container) for name, container in running.items()}
    return {name: used for name, used in found.items() if used is not None}


@contextlib.contextmanager
def _dialled() -> Iterator[HTTPConnection]:
    """The engine's API, on stdin and stdout of a command. It answers nothing if the command fails."""
    from http.client import HTTPConnection

    server = HTTPConnection("localhost")
    server.auto_open = 0
    server.sock, theirs = socket.socketpair()
    server.sock.settimeout(ANSWER)
    fd = theirs.fileno()
    with contextlib.ExitStack() as ending, contextlib.closing(server):
        with theirs, contextlib.suppress(FileNotFoundError):
            started = subprocess.Popen(DIAL, stdin=fd, stdout=fd, stderr=subprocess.DEVNULL)
            ending.callback(_end, started)
        yield server


def _end(started: subprocess.Popen[bytes]) -> None:
    """It ends with the connection, unless that is stuck."""
    try:
        started.wait(ANSWER)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def _used(engine: HTTPConnection, container: str) -> int | None:
    from http.client import HTTPException

    try:
        engine.request("GET", f"/containers/{container}/stats?stream=false&one-shot=true")
        answer = json.load(engine.getresponse())
        memory = answer["memory_stats"] if answer["pids_stats"].get("current") else {}
        return in_use(memory["usage"], memory.get("stats", {}))
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError):
        return None
