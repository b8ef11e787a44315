"""What people and programs read: progress on stderr, data on stdout. The plain text of events is here, too."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Callable, TextIO

from devenv.base import events, foreign
from devenv.base.events import Event

TOLD = (events.NOTE, events.RESULT, events.PLANNED)  # their text is their line
TYPED = r"\b(?:inv|git|make|docker) [^,;:()`]*[^,;:()` ]"  # a command within a message
GLUE = "\0"  # instead of a space in such a command


def print_line(text: str) -> None:
    """One line on stdout."""
    print(text, flush=True)


write: Callable[[str], None] = print_line  # --events: an event of its own instead, since stdout holds events alone
answered = False  # whether this run has written to stdout


def say(text: str = "") -> None:
    """One line on stderr. If it takes no more, as after `2>&1 | head -1`, the command goes on without it."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        give_up(sys.stderr)


def give_up(stream: TextIO) -> None:
    """Discard what a stream does not take: at its end, Python would try again, and exit with 120."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def agreed(question: str) -> bool:
    """Ask on the terminal, and return whether the answer is yes. The caller has seen that there is one."""
    events.note(f"{question} [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def data(text: str, colours: bool = False) -> None:
    """One line of the answer. `colours`: a terminal shows them."""
    global answered
    answered = True
    write(foreign.coloured(text) if colours else foreign.clean(text))


def answer(value: Any) -> None:
    """The whole answer as one JSON object, for programs."""
    data(json.dumps(value, indent=2, sort_keys=True))


def plain_reader(event: Event) -> None:
    """The reader for files, pipes and --verbose: all text, without escape codes."""
    for line in lines(event):
        say(line)


def lines(event: Event) -> Iterator[str]:
    """An event as plain text. An error is exactly one `error[CODE]:` line, so that a caller behind make can read it."""
    if event.kind in (events.COMMAND, events.ATTACHED):
        yield typed(event.argv)
    elif event.kind == events.COMMAND_ENDED:
        took = seconds(event.seconds or 0)
        yield f"  exit {event.code} after {took}" if event.code else f"  {took}"
    elif event.kind == events.WARNING:
        yield f"warning: {event.text}"
    elif event.kind == events.ERROR:
        yield from headed(f"error[{event.code}]:", event.text)
        for hint in event.items:
            yield from headed("hint:", hint)
    elif event.kind in (events.STEP_BEGAN, events.STEP_ENDED):
        yield from filter(None, [event.said])
    elif is_told(event):
        yield event.text


def is_told(event: Event) -> bool:
    """Whether an event's text is its line. Services that start at once have their lines in logs of their own."""
    if event.kind == events.LINE:
        return not event.service
    return event.kind in TOLD or (event.kind == events.STEP_PROGRESSED and event.text != "")


def typed(argv: Sequence[str]) -> str:
    """A command so that it can be pasted into a shell. A control character in it, which nobody can type, is a `?`."""
    return f"$ {re.sub(foreign.CONTROLS, '?', shlex.join(argv))}"


def headed(head: str, text: str) -> Iterator[str]:
    """The first line follows the head. Further lines are indented, so that they cannot be mistaken for a head."""
    first, *rest = text.splitlines() or [""]
    yield f"{head} {first}"
    for line in rest:
        yield f"  {line}"


def columns(stream: TextIO) -> int:
    """The columns of the terminal behind a stream; 0 if it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0


def wrapped(text: str, width: int, indent: str | None = None) -> list[str]:
    """A text in lines of at most `width` characters; 0: in one. No address and no command is broken.

    `indent` is put before each line but the first; without it, they are indented by two more than the first one.
    """
    if not width or len(text) <= width or "\n" in text:
        return [text]
    import textwrap  # here, since most commands print no long line on a terminal

    indent = " " * (len(text) - len(text.lstrip()) + 2) if indent is None else indent
    glued = re.sub(TYPED, lambda command: command[0].replace(" ", GLUE), text)
    found = textwrap.wrap(glued, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(GLUE, " ") for line in found]


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


events.subscribe(plain_reader)  # until `main` chooses the readers
