# Owner: the template. Do not edit: updates replace this file.
"""Logs of processes: one file each, which processes write to themselves, so that none depends on a process of ours.

`keeper.sh` bounds the files while they are written; when it is gone, the next start brings it back.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.base import process

NAME = "log"
LIMIT = 10 * 2**20  # bytes of a log; keeper.sh has the same number
KEPT = 2**20  # bytes that stay of a longer one


def path(unit: Path) -> Path:
    """The log of a unit."""
    return unit / NAME


def tail(unit: Path, lines: int) -> list[str]:
    """The last lines of a unit's log."""
    try:
        with path(unit).open(errors="replace") as text:
            return [line.rstrip("\n") for line in deque(text, lines)]
    except OSError:
        return []


def trim(unit: Path) -> None:
    """Cut a log that grew too long, in place: the process that writes to it goes on at the new end."""
    log = path(unit)
    if not log.exists() or log.stat().st_size <= LIMIT:
        return
    with log.open("r+b") as text:
        text.seek(-KEPT, os.SEEK_END)
        text.readline()  # the rest of a line
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
    """All of it from `tail`, with its own heads between the files: nothing is lost between what was and what comes."""
    start = str(lines) if lines is not None else "+1"
    argv = ["tail", *(["-q"] if len(folders) == 1 else []), "-n", start, "-F", *(str(path(unit)) for unit in folders)]
    return process.attach(argv, dict(os.environ))
