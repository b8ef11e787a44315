"""Logs of processes: one file each. The processes write to it directly, so they do not depend on a process of ours.

`keeper.sh` limits the size of the files. If it is not running, the next start starts it again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Callable

from devenv.base import foreign, process
from devenv.engines.interface import Logs

NAME = "log"
NOTES = "log.times"  # lines of keeper.sh: a time, and the size of the log at that time
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
    found = foreign.plain(text.decode(errors="replace")).split("\n")
    found = found if whole else found[1:]  # without an incomplete line
    return (found if found[-1:] != [""] else found[:-1])[-lines:] if lines else []


def _end(log: BinaryIO) -> tuple[bytes, bool]:
    """The last LIMIT bytes at most, and whether that is all."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LIMIT))
    text = log.read(min(size, LIMIT))
    return (text, size <= LIMIT) if text or not size else _end(log)  # it was truncated just now


def clear(unit: Path) -> None:
    """Empty a log, in place: a process that writes to it goes on at its start."""
    if path(unit).exists():
        os.truncate(path(unit), 0)
    (unit / NOTES).unlink(missing_ok=True)


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
    (unit / NOTES).unlink(missing_ok=True)  # they are about the old text


def show(units: Mapping[str, Path], wanted: Logs, take: Callable[[str, str], None]) -> int:
    """Hand over lines of logs, each with the unit's name. Returns an exit code."""
    there = {name: folder for name, folder in units.items() if path(folder).exists()}
    if wanted.follow and there:
        return _follow(there, wanted, take)
    for name, folder in there.items():
        for line in _since(folder, wanted):
            take(name, line)
    return 0


def _since(folder: Path, wanted: Logs) -> list[str]:
    """The lines of one log that are wanted now."""
    lines = wanted.tail if wanted.tail is not None else LIMIT
    if not wanted.since:
        return tail(folder, lines)
    try:
        text = path(folder).read_bytes()[begin(folder, time.time() - wanted.since) :]
    except OSError:
        return []
    return text.decode(errors="replace").splitlines()[-lines:] if lines else []


def begin(folder: Path, moment: float) -> int:
    """Where the bytes of a log begin that were written after a moment, as the keeper noted; 0 if it did not.

    There is a note for each round of the keeper, so a line may be shown that is three seconds older.
    """
    log, notes = path(folder).stat(), folder / NOTES
    if log.st_mtime < moment:
        return log.st_size
    rows = [line.split() for line in notes.read_bytes().splitlines()] if notes.exists() else []
    whole = [row for row in rows if len(row) == 2 and row[0].isdigit() and row[1].isdigit()]
    known = [int(size) for time, size in whole if int(time) <= moment]
    return known[-1] if known and known[-1] <= log.st_size else 0


def _follow(units: Mapping[str, Path], wanted: Logs, take: Callable[[str, str], None]) -> int:
    """Follow each log with a `tail`. No line is lost between old and new output."""
    names = list(units)
    argvs = [["tail", *_start(folder, wanted), "-F", str(path(folder))] for folder in units.values()]
    return process.read(argvs, dict(os.environ), lambda at, line: take(names[at], line))


def _start(folder: Path, wanted: Logs) -> list[str]:
    """Where `tail` starts: both flags at once are not possible, and --since has fewer lines than the whole log."""
    if wanted.since:
        return ["-c", f"+{begin(folder, time.time() - wanted.since) + 1}"]
    return ["-n", str(wanted.tail) if wanted.tail is not None else "+1"]
