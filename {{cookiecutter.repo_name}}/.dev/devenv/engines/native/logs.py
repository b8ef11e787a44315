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
    """Print logs on stdout, each line with the unit's name before it, as Compose does."""
    width = max(map(len, units), default=0)
    for name, folder in units.items():
        if not path(folder).exists():
            continue
        for line in tail(folder, lines if lines is not None else LIMIT):
            print(f"{name.ljust(width)}  | {line}")
    return _follow(units) if follow else 0


def _follow(units: Mapping[str, Path]) -> int:
    files = [str(path(folder)) for folder in units.values() if path(folder).exists()]
    flags: Sequence[str] = ("-q", "-n", "0", "-F") if len(units) == 1 else ("-n", "0", "-F")
    return process.attach(["tail", *flags, *files], dict(os.environ))
