"""The reader for people at a terminal: a short list that fills in.

What is finished goes up as lines that stay: messages, engine commands (dimmed, one line each), finished steps. Below
them, as long as a step runs, is a region that changes: the running steps with their last lines, and the steps that will
follow. A failed step shows its last lines, its whole command, and the file with the whole output.

rich draws the region. It takes 50 ms to import, so it is imported when the first step begins: `dev.up` with nothing to
do and `--help` go without.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, TextIO

from devenv.base import output
from devenv.base.errors import INTERRUPTED
from devenv.base.events import Event, title

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
TAIL = 3  # lines of a running step
UNFOLDED = 20  # lines of a failed one
WORTH = 1.0  # seconds: a command outside of a step that took longer gets a line with its time
WORTH_BYTES = 2**20 // 10  # less would be "0.0 MB"
SQL = "-- "  # how a statement begins that the next command carries out
OUTSIDE = 0  # the number of what runs outside of a step


class Row:
    """A step that runs."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.start = time.monotonic()
        self.tail: deque[str] = deque(maxlen=TAIL)  # what is shown while it runs
        self.output: deque[str] = deque(maxlen=UNFOLDED)  # what its commands printed
        self.inner: list[str] = []  # the steps within it that run
        self.amount = ""
        self.command = ""


class Glyphs:
    """The signs of the list, in ASCII if the terminal's encoding has no others."""

    def __init__(self, stream: TextIO) -> None:
        rich = encodes("✓✗·…⠋", stream)
        self.done, self.failed, self.later, self.cut = ("✓", "✗", "·", "…") if rich else ("*", "x", "-", "...")
        self.spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if rich else "|/-\\"


def fits(stream: TextIO, environment: Any = os.environ) -> bool:
    """Whether this reader can draw on a stream: a terminal that can move its cursor."""
    return stream.isatty() and environment.get("TERM", "dumb") not in ("", "dumb")


class Terminal:
    """See the module. `log`: where the whole output of the run is, asked for when a step fails."""

    def __init__(self, stream: TextIO, log: Callable[[], str], environment: Any = os.environ) -> None:
        self.stream = stream
        self.log = log
        self.colours = not environment.get("NO_COLOR")  # https://no-color.org
        self.glyphs = Glyphs(stream)
        self.rows: dict[int, Row] = {}
        self.owner: dict[int, int] = {}  # step → the row that shows it
        self.pending: list[str] = []
        self.unfolded: set[str] | None = None  # the lines of the failed step that were printed
        self._live: Live | None = None

    def __call__(self, event: Event) -> None:
        read = getattr(self, f"_{event.kind.replace('-', '_')}", None)
        if read:
            read(event)
        self._settle()

    def print_data(self, text: str) -> None:
        """A line on stdout, which is the same terminal: the region must not be in its way."""
        if self._live:
            live, self._live = self._live, None
            live.stop()
        output.print_line(text)

    def close(self) -> None:
        """Remove the region, at the end or when the terminal is handed over."""
        self.rows.clear()
        self.pending.clear()
        self._settle()

    # ---- events

    def _step_began(self, event: Event) -> None:
        self._start()
        self.owner[event.step] = self.owner.get(event.parent, event.step)
        if event.parent in self.owner:
            self.rows[self.owner[event.step]].inner.append(title(event.name, event.service))
            return
        row = Row(title(event.name, event.service), event.text)
        if row.name in self.pending:
            self.pending.remove(row.name)
        self.rows[event.step] = row

    def _step_progressed(self, event: Event) -> None:
        row = self._row(event)
        if event.text:
            row.tail.append(event.text.strip())
        if event.done is not None:
            row.amount = amount(event)

    def _step_ended(self, event: Event) -> None:
        row = self.rows[self.owner[event.step]]
        if self.owner.pop(event.step) != event.step:
            row.inner.remove(title(event.name, event.service))
            row.amount = ""
            return
        del self.rows[event.step]
        self._finished("green", self.glyphs.done, row.name, ", ".join(filter(None, [event.text, row.amount])), event)

    def _step_failed(self, event: Event) -> None:
        top = self.owner.pop(event.step)
        row = self.rows[top]
        if top != event.step:
            row.inner.remove(title(event.name, event.service))
            return
        del self.rows[top]
        self.pending.clear()
        how = "interrupted" if event.code == INTERRUPTED else "failed"
        self._finished("red", self.glyphs.failed, row.name, how, event)
        if event.code != INTERRUPTED:
            self._unfold(row)

    def _planned(self, event: Event) -> None:
        self._start()
        self.pending = list(event.items)

    def _command(self, event: Event) -> None:
        command = output.typed(event.argv)
        self._show(event)
        if event.step in self.owner:
            self.rows[self.owner[event.step]].command = command
        elif OUTSIDE not in self.rows:
            self._start()
            self.rows[OUTSIDE] = Row("", "")
            self.rows[OUTSIDE].command = command

    def _command_ended(self, event: Event) -> None:
        if event.step in self.owner:
            return
        row = self.rows.pop(OUTSIDE, None)
        if event.code and row:
            self._print(f"  exit {event.code} after {output.seconds(event.seconds or 0)}", "dim")
            self._unfold(row)
        elif (event.seconds or 0) >= WORTH:
            self._print(f"  {output.seconds(event.seconds or 0)}", "dim")

    def _attached(self, event: Event) -> None:
        self.close()
        self._show(event)

    def _line(self, event: Event) -> None:
        if event.text.strip():
            row = self._row(event)
            row.tail.append(event.text)
            row.output.append(event.text)

    def _note(self, event: Event) -> None:
        self._print(event.text, "dim" if event.text.startswith(SQL) else "")

    def _warning(self, event: Event) -> None:
        self._print(event.text, "", ("warning: ", "yellow"))

    def _result(self, event: Event) -> None:
        self.rows.pop(OUTSIDE, None)  # a command whose end nobody reported, such as a server
        self._print(event.text, "green")

    def _error(self, event: Event) -> None:
        self.close()
        first, *rest = event.text.splitlines() or [""]
        self._print(first, "", (f"error[{event.code}]: ", "red"))
        rest = [line for line in rest if line.strip() not in (self.unfolded or ())]  # they are right above
        self._write([[(f"  {line}", "")] for line in rest])  # often a log: wrapped by the terminal alone
        for hint in event.items:
            first, *rest = hint.splitlines() or [""]
            self._print(first, "", ("hint: ", "cyan"))
            for line in rest:
                self._print(f"  {line}")

    # ---- lines that stay

    def _show(self, event: Event) -> None:
        """A command on one line. A long one is cut in its middle: its end says what it does, here `migrate`."""
        line, width = output.typed(event.argv).replace("\n", " "), self._width()
        if len(line) > width:
            line = output.typed([os.path.basename(event.argv[0]), *event.argv[1:]]).replace("\n", " ")
        if len(line) > width:
            start = width // 3
            line = f"{line[:start]} {self.glyphs.cut} {line[start + len(self.glyphs.cut) + 2 - width :]}"
        self._print(line, "dim")

    def _finished(self, colour: str, glyph: str, name: str, text: str, event: Event) -> None:
        took = output.seconds(event.seconds or 0)
        below = "://" in text and len(f"{glyph} {name}  {text}  {took}") > self._width()  # an address is never cut
        self._write([self._entry((glyph, colour), name, "" if below else text, took)])
        for part in text.split("  ") if below else []:
            self._print(f"    {part}", "dim")

    def _entry(self, sign: tuple[str, str], name: str, text: str, right: str) -> list[tuple[str, str]]:
        """One line of the list: its sign, what it is, and how long it takes, at the right edge."""
        room = self._width() - len(sign[0]) - len(right) - 3
        name = self._cut(name, room)
        text = self._cut(text, room - len(name) - 2)
        text = f"  {text}" if text else ""
        return [sign, (f" {name}", ""), (text, "dim"), (f"{' ' * (room - len(name) - len(text))}  {right}", "dim")]

    def _unfold(self, row: Row) -> None:
        if self.unfolded is not None:
            return
        self.unfolded = {line.strip() for line in row.output}
        self._write([[(f"    {line}", "")] for line in row.output])
        if row.command:
            self._print("  to repeat the last command:")
            self._print(row.command)
        self._print(f"  the whole output: {self.log()}")

    def _print(self, text: str, colour: str = "", head: tuple[str, str] = ("", "")) -> None:
        """A message: wrapped between words, but no address and no command is broken. Its later lines are indented."""
        whole = head[0] + text
        found = [whole] if text.startswith("$ ") else output.wrapped(whole, self._width())
        first, *rest = found or [""]
        self._write([[head, (first[len(head[0]) :], colour)], *([(line, colour)] for line in rest)])

    def _write(self, lines: list[list[tuple[str, str]]]) -> None:
        if self._live:
            from rich.text import Text

            for parts in lines:
                self._live.console.print(Text.assemble(*parts), soft_wrap=True)
            return
        for parts in lines:
            print("".join(self._painted(*part) for part in parts), file=self.stream, flush=True)

    def _painted(self, text: str, colour: str) -> str:
        return f"\033[{CODES[colour]}m{text}\033[0m" if text and colour and self.colours else text

    # ---- the region

    def screen(self) -> Text:
        """The region, as lines that fit the terminal."""
        from rich.text import Text

        width, lines = self._width(), []
        for number, row in list(self.rows.items()):
            lines += self._running(row, width, TAIL if number or len(self.rows) == 1 else 1)
        later = [Text(self._cut(f"{self.glyphs.later} {name}", width), "dim") for name in list(self.pending)]
        return Text("\n", no_wrap=True, overflow="crop").join([*lines, *later])

    def _running(self, row: Row, width: int, tail: int) -> list[Text]:
        from rich.text import Text

        spent = time.monotonic() - row.start
        sign = self.glyphs.spinner[int(spent * 10) % len(self.glyphs.spinner)]
        took = " ".join(filter(None, [row.amount, output.seconds(spent)]))
        inner = [name for name in row.inner[-1:] if name != row.name]
        name = ": ".join([row.name, *inner]) if row.name else "running"
        head = Text.assemble(*self._entry((sign, "cyan"), name, row.text, took))
        shown = list(row.tail)[-tail:] if len(self.rows) == 1 else list(row.tail)[-1:]
        return [head, *(Text(self._cut(f"    {line}", width), "dim") for line in shown)]

    def _start(self) -> None:
        """Show the region. Messages go above it from now on."""
        if self._live:
            return
        from rich.console import Console
        from rich.live import Live

        class Screen(Console):
            """A console that never hides the cursor: a killed command would leave the terminal without one."""

            def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002
                return False

        console = Screen(
            file=self.stream,
            force_terminal=True,
            color_system="standard" if self.colours else None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._live = Live(
            get_renderable=self.screen,
            console=console,
            transient=True,
            refresh_per_second=10,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def _settle(self) -> None:
        """Remove the region when nothing runs and nothing follows."""
        if self._live and not self.rows and not self.pending:
            live, self._live = self._live, None
            live.stop()

    # ---- helpers

    def _row(self, event: Event) -> Row:
        return self.rows.get(self.owner.get(event.step, OUTSIDE)) or Row("", "")

    def _width(self) -> int:
        """The columns that a line may take; the last one stays free, since some terminals wrap there."""
        return max(20, output.columns(self.stream) or 80) - 1

    def _cut(self, text: str, width: int) -> str:
        """A text on one line, with a sign where it was cut."""
        if len(text) <= width:
            return text
        return text[: max(0, width - len(self.glyphs.cut))] + self.glyphs.cut if width > len(self.glyphs.cut) else ""


def amount(event: Event) -> str:
    """How far a step is, in words: `3/7 steps`, `12 MB of 40 MB`; empty for a few bytes."""
    done, total = event.done or 0, event.total
    if event.unit == "bytes":
        if max(done, total or 0) < WORTH_BYTES:
            return ""
        return output.mebibytes(done) + (f" of {output.mebibytes(total)}" if total else "")
    return f"{done}/{total} {event.unit}" if total else f"{done} {event.unit}"


def encodes(text: str, stream: TextIO) -> bool:
    """Whether a stream can show these characters."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
