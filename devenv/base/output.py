"""What people and programs read: progress on stderr, data on stdout."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from devenv.base.errors import MISSING, REFUSED, DevError

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
ESCAPES = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


def paint(text: str, colour: str) -> str:
    """`text` in a colour if stderr is a terminal and NO_COLOR is not set (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m"


def plain(text: str) -> str:
    """A text from another program, without escape codes: our output may go to a file."""
    return ESCAPES.sub("", text)


def say(text: str = "") -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """One line of warning: the command goes on, but the user should see it."""
    say(f"{paint('warning:', 'yellow')} {text}")


def data(text: str) -> None:
    """One line of the answer."""
    print(text, flush=True)


def answer(value: Any) -> None:
    """The whole answer as one JSON object, for programs."""
    data(json.dumps(value, indent=2, sort_keys=True))


def report(error: DevError) -> None:
    """An error as exactly one `error[CODE]:` line, so that a caller behind make can read the code.

    Below 110, the code can be that of a service's own command, which we cannot explain.
    """
    _say_all(paint(f"error[{error.code}]:", "red"), error.message)
    explained = [f"inv dev.explain {error.code}"] if MISSING <= error.code <= REFUSED else []
    for hint in error.hints or explained:
        _say_all(paint("hint:", "cyan"), hint)


def _say_all(head: str, text: str) -> None:
    """The first line follows the head. Further lines are indented, so that they cannot be mistaken for a head."""
    first, *rest = text.splitlines() or [""]
    say(f"{head} {first}")
    for line in rest:
        say(f"  {line}")


def table(rows: list[list[str]]) -> list[str]:
    """Rows as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def seconds(value: float) -> str:
    """A duration for people: `0.4 s`, `12.3 s`."""
    return f"{value:.1f} s"


def mebibytes(value: int | None) -> str:
    """A size in bytes for people: `96 MB` (mebibytes, as `docker stats` counts); `0.3 MB` if it is less than one."""
    if value is None:
        return "-"
    return f"{value / 2**20:.1f} MB" if 0 < value < 2**20 else f"{round(value / 2**20)} MB"
