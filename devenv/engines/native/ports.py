"""A port for each backing service, kept as long as nobody else has taken it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from devenv.base.ports import is_free
from devenv.engines.native import processes

# Below the range from which systems hand out ports by themselves, so that no connection sits on ours by chance.
RANGE = (20000, 32000)


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
