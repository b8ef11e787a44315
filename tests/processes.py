"""The processes of this machine, found without the tools under test, on every system."""

from __future__ import annotations

from contextlib import suppress

import psutil

GONE = (psutil.Error, OSError)  # it has ended, or is another user's


def of(place: object, *, environment: bool = True) -> dict[int, str]:
    """The processes with a path in their arguments, their current folder or, if wanted, their environment.

    Returns their command lines, by number.
    """
    found = {}
    for process in psutil.process_iter():
        with suppress(*GONE):
            if process.status() != psutil.STATUS_ZOMBIE:
                words = process.cmdline()
                if any(str(place) in word for word in _known(process, words, environment)):
                    found[process.pid] = " ".join(words)
    return found


def _known(process: psutil.Process, words: list[str], environment: bool) -> list[str]:
    known = list(words)
    with suppress(*GONE):
        known.append(process.cwd())
    if environment:
        with suppress(*GONE):  # macOS hides those of its own programs
            known += process.environ().values()
    return known
