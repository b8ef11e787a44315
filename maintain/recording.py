"""`make recording`: docs/recording.svg, an animation of real commands in a pseudo-terminal.

A new service is made, started and reset, natively, from empty caches, in a temporary home folder that is removed
afterwards. Two things differ from what a person sees: pauses are shortened to a second, and folders of this machine are
shown as those of /home/me.
"""

from __future__ import annotations

import itertools
import os
import pty
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import pyte
from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

REPO = Path(__file__).resolve().parent.parent
TARGET = REPO / "docs" / "recording.svg"
HOST = "https://git.example.org/"
COMMANDS = (
    f"cookiecutter --no-input {HOST}devenv-template",
    "cd catalog && git init --quiet -b main && git add --all && git commit --quiet -m 'The template'",
    "make dev.up",
    "make dev.status",
    "make dev.reset",
)
PASSED = re.compile(r"LANG|LC_|SSL_|PIP_|UV_|HTTPS?_|NO_PROXY")  # what reaches the commands of the environment here
COLUMNS, ROWS = 80, 26
LONG = 1000  # rows of the terminal that keeps everything
WIDTH, HEIGHT = 8.4, 19  # of a character, in pixels
NBSP = "\u00a0"  # SVG collapses other spaces
CONSOLE = Console(width=COLUMNS, color_system="truecolor", force_terminal=True)
PAUSE, TYPING, END = 1.0, 0.6, 5.0  # seconds: the longest pause, before each command, before it starts again
FRAME = 0.4  # seconds between two pictures
COLORS = {"brown": "yellow", "brightblack": "#909090", "default": None}  # pyte's names, and rich's


class Line(NamedTuple):
    """What a row of the terminal shows from one time to another; 0: until the end."""

    row: int
    at: float
    until: float
    text: Text


def main() -> None:
    """Record, and write the picture."""
    with tempfile.TemporaryDirectory(prefix="devenv-recording-") as scratch:
        lines = record(Path(scratch))
    TARGET.write_text(picture(lines))
    end = max(line.at for line in lines)
    print(f"{TARGET.relative_to(REPO)}: {len(lines)} lines, {end:.0f} s, {TARGET.stat().st_size // 1024} KB")


def record(scratch: Path) -> list[Line]:
    """What all commands show, on one clock without long pauses."""
    home, hosted = scratch / "home", scratch / "git.example.org"
    home.mkdir()
    clone = ["git", "clone", "--quiet", "--bare", str(REPO), str(hosted / "devenv-template")]
    subprocess.run(clone, check=True)
    (home / ".gitconfig").write_text(
        f'[url "file://{hosted}/"]\n\tinsteadOf = {HOST}\n[user]\n\tname = Me\n\temail = me@example.org\n'
    )
    env = environment(home)
    film = Film({str(home): "/home/me", str(hosted): HOST, str(REPO): "/home/me/devenv-template"})
    folder = home
    try:
        for command in COMMANDS:
            film.show(TYPING, f"\033[1;32m$ \033[0;1m{command}\033[0m\r\n".encode())
            for pause, output in typed(command, folder, env):
                film.show(min(pause, PAUSE), output)
            film.take()
            if command.startswith("cd "):
                folder = home / "catalog"
    finally:
        if (home / "catalog").is_dir():
            subprocess.run(["make", "dev.destroy", "ARGS=--yes"], cwd=home / "catalog", env=env, capture_output=True)
    return film.lines()


class Film:
    """A terminal that never scrolls, and what each of its rows showed when."""

    def __init__(self, shown: dict[str, str]) -> None:
        self.shown = shown
        self.now = self.taken = 0.0
        self.screen = pyte.Screen(COLUMNS, LONG)
        self.stream = pyte.ByteStream(self.screen)
        self.rows: dict[int, Line] = {}
        self.past: list[Line] = []

    def show(self, pause: float, output: bytes) -> None:
        """After a pause, the terminal gets this. A picture is taken at most every FRAME seconds."""
        for folder, name in self.shown.items():
            output = output.replace(folder.encode(), name.encode())
        self.now += pause
        if self.now - self.taken > FRAME:
            self.take()
        self.stream.feed(output.replace(b"\033[2m", b"\033[90m"))  # pyte has no dim

    def take(self) -> None:
        """Keep what has changed since the last picture."""
        self.taken = self.now
        for row in range(self.screen.cursor.y + 1):
            text = self.row(row)
            known = self.rows.get(row)
            if (known and known.text == text) or (not known and not text.plain):
                continue
            if known:
                self.past.append(known._replace(until=self.now))
            self.rows[row] = Line(row, self.now, 0.0, text)
        for row in [row for row in self.rows if row > self.screen.cursor.y and not self.row(row).plain]:
            self.past.append(self.rows.pop(row)._replace(until=self.now))

    def row(self, row: int) -> Text:
        """A row of the terminal."""
        found = Text()
        cells = (self.screen.buffer[row][column] for column in range(COLUMNS))
        for (fg, bold), chars in itertools.groupby(cells, key=lambda char: (char.fg, char.bold)):
            found.append("".join(char.data for char in chars), Style(bold=bold, color=COLORS.get(fg, fg)))
        found.rstrip()
        return found

    def lines(self) -> list[Line]:
        """All that was shown."""
        return [line for line in [*self.past, *self.rows.values()] if line.text.plain]


def environment(home: Path) -> dict[str, str]:
    """That of a new user, with the programs of this checkout on the path."""
    path = f"{REPO / '.venv' / 'bin'}:{os.environ['PATH']}"
    kept = {
        name: os.environ[name] for name in os.environ if re.match(r"(LANG|LC_|SSL_|PIP_|UV_|HTTPS?_|NO_PROXY)", name)
    }
    return {**kept, "HOME": str(home), "PATH": path, "TERM": "xterm-256color", "DEV_ENGINE": "native"}


def typed(command: str, folder: Path, env: dict[str, str]) -> Iterator[tuple[float, bytes]]:
    """What a command prints at a terminal, with the seconds since the last output. It has to succeed."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", f"stty cols {COLUMNS} rows {ROWS}; {command}"], env)
    last = time.monotonic()
    while chunk := read(terminal):
        now = time.monotonic()
        yield now - last, chunk
        last = now
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(f"{command}: exit code {code}")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the other end was closed
        return b""


def picture(lines: list[Line]) -> str:
    """An SVG that shows each line while it was there, scrolls, and starts again."""
    end = max(line.at for line in lines) + END
    width, height = COLUMNS * WIDTH + 30, ROWS * HEIGHT + 50
    ground, ink = (hexadecimal(color) for color in (MONOKAI.background_color, MONOKAI.foreground_color))
    places = list(scrolled(lines))
    timing = f'dur="{end:.1f}s" calcMode="discrete" repeatCount="indefinite"'
    rows = []
    for row, when, until, text in lines:
        values = "hidden;visible;hidden" if until else "hidden;visible"
        times = ";".join(f"{time / end:.4f}" for time in ([0, when, until] if until else [0, when]))
        shows = f'<animate attributeName="visibility" values="{values}" keyTimes="{times}" {timing}/>'
        rows.append(f'<text y="{(row + 1) * HEIGHT - 5}">{shows}{spans(text)}</text>')
    times = ";".join(f"{when / end:.4f}" for when, _ in places)
    moves = ";".join(f"0 -{by}" for _, by in places)
    font = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14"'
    move = f'attributeName="transform" type="translate" values="{moves}" keyTimes="{times}" {timing}'
    parts = [
        "<!-- Generated by `make recording`. Do not edit. -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" {font}>',
        "<title>A new service is made, started, inspected and reset</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="18" r="6" fill="{c}"/>' for n, c in enumerate(("#f55", "#fb4", "#4c4"))),
        f'<svg x="15" y="34" width="{COLUMNS * WIDTH}" height="{ROWS * HEIGHT + 6}">',
        f'<g fill="{ink}"><animateTransform {move}/>',
        *rows,
        "</g></svg></svg>",
    ]
    return "\n".join(parts) + "\n"


def scrolled(lines: list[Line]) -> Iterator[tuple[float, int]]:
    """When the picture moves, and how far up it is then: a terminal shows its last ROWS rows."""
    yield 0, 0
    top = ROWS - 1
    for line in sorted(lines, key=lambda line: line.at):
        if line.row > top:
            top = line.row
            yield line.at, (top + 1 - ROWS) * HEIGHT


def spans(text: Text) -> str:
    """The text in pieces of one style. Each has its place and length, as fonts differ."""
    pieces, column = [], 0
    for segment in text.render(CONSOLE):
        if segment.text and segment.text != "\n":
            look = attributes(segment.style)
            size = f'x="{column * WIDTH:.1f}" textLength="{len(segment.text) * WIDTH:.1f}"'
            pieces.append(f"<tspan {size}{look}>{escape(segment.text).replace(' ', NBSP)}</tspan>")
            column += len(segment.text)
    return "".join(pieces)


def attributes(style: Style | None) -> str:
    if not style:
        return ""
    bold = ' font-weight="bold"' if style.bold else ""
    color: Color | None = style.color
    return bold + (f' fill="{hexadecimal(color.get_truecolor(MONOKAI))}"' if color and not color.is_default else "")


def hexadecimal(color: ColorTriplet) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


if __name__ == "__main__":
    main()
