"""Logs of processes: one file each. The processes write to it directly, so they do not depend on a process of ours.

`keeper.sh` limits the size of the files. If it is not running, the next start starts it again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from devenv.base import output, process

NAME = "log"
LIMIT = 10 * 2**20  # bytes of a log; keeper.sh has the same number
KEPT = 2**20  # bytes that are kept of a longer one


def path(unit: Path) -> Path:
    """The log of a unit."""
    return unit / NAME


def tail(unit: Path, lines: int) -> list[str]:
    """The last lines of a unit's log, up to its current end: a log may grow faster than it is read."""
    try:
        with path(unit).open("rb") as log:
            text, whole = _end(log)
    except OSError:
        return []
    found = output.plain(text.decode(errors="replace")).split("\n")
    found = found if whole else found[1:]  # without an incomplete line
    return (found if found[-1:] != [""] else found[:-1])[-lines:] if lines else []


def _end(log: BinaryIO) -> tuple[bytes, bool]:
    """The last LIMIT bytes at most, and whether that is all."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LIMIT))
    text = log.read(min(size, LIMIT))
    return (text, size <= LIMIT) if text or not size else _end(log)  # it was truncated just now


def trim(unit: Path) -> None:
    """Truncate a log that grew too long, in place: the process that writes to it goes on at the new end."""
    log = path(unit)
    if not log.exists() or log.stat().st_size <= LIMIT:
        return
    with log.open("r+b") as text:
        text.seek(-KEPT, os.SEEK_END)
        text.readline()  # skip an incomplete line
        rest = text.read()
        text.truncate(0)
        text.seek(0)
        text.write(rest)


def show(units: Mapping[str, Path], follow: bool, lines: int | None) -> int:
    """Print logs on stdout, each line with the unit's name before it, as Compose does. Returns an exit code."""
    there = {name: folder for name, folder in units.items() if path(folder).exists()}
    if follow and there:
        return _follow(list(there.values()), lines)
    width = max(map(len, units), default=0)
    for name, folder in there.items():
        for line in tail(folder, lines if lines is not None else LIMIT):
            print(f"{name.ljust(width)}  | {line}")
    return 0


def _follow(folders: Sequence[Path], lines: int | None) -> int:
    """Follow the logs with `tail`, which prints headers between files. No line is lost between old and new output."""
    start = str(lines) if lines is not None else "+1"
    argv = ["tail", *(["-q"] if len(folders) == 1 else []), "-n", start, "-F", *(str(path(unit)) for unit in folders)]
    return process.attach(argv, dict(os.environ))
