"""Which readers a run has, by its flags and its terminal."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devenv.base import events, output
from devenv.readers import report, terminal
from devenv.readers.log import Log

SHORT = r"-[A-Za-z]*j[A-Za-z]*"  # flags of one letter, with that of --json
VERBOSE, EVENTS, JSON = "--verbose", "--events", "--json"
EVERYWHERE = {VERBOSE: "print all output as it comes, also on a terminal", EVENTS: "write one line of JSON per event"}
OURS = ("dev.", "contract.", "template.")


def without_flags(words: Sequence[str]) -> tuple[list[str], set[str]]:
    """The words of a command line without the flags that all our commands have, and those flags.

    A task of tasks_local.py may have flags with these names, so they are only taken from our own tasks.
    """
    if not (words and words[0].startswith(OURS)):
        return list(words), set()
    return [word for word in words if word not in EVERYWHERE], {*words} & {*EVERYWHERE}


@contextmanager
def reading(flags: set[str], words: Sequence[str], root: Path) -> Iterator[None]:
    """Within the block, events go to stderr (a list on a terminal, else plain text) and where the flags say."""
    report.of_run = report.Report()
    output.answered = False
    verb = words[0] if words else "inv"
    log = Log(root / ".dev" / "local" / "logs" / f"{verb}.log")
    drawn = terminal.fits(sys.stderr) and not flags
    shown = terminal.Terminal(sys.stderr, lambda: _short(log.path)) if drawn else None
    readers: list[events.Reader] = [shown or output.plain_reader, report.of_run]
    wants_json = JSON in words or any(re.fullmatch(SHORT, word) for word in words)
    if drawn or flags or wants_json:  # someone wants the lines of child processes
        readers.insert(0, log)
    if shown:
        output.write = shown.print_data
    if EVENTS in flags:
        readers.append(report.json_lines(output.print_line))
        output.write = lambda text: events.publish(events.ANSWER, text)
    try:
        with events.read_by(*readers):
            yield
    finally:
        output.write = output.print_line
        log.close()
        if shown:
            shown.close()


def _short(path: Path) -> str:
    """A path from the current folder, if it is below it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
