"""`make recording`: docs/recording.svg, an animation of real commands in a pseudo-terminal.

A new service is made, started and reset, natively, from empty caches, in a temporary home folder that is removed
afterwards. Three things differ from what a person sees: pauses are shortened to a second, lines are cut at the right
edge, and folders of this machine are shown as those of /home/me.
"""

from __future__ import annotations

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
COLUMNS, ROWS = 100, 26
WIDTH, HEIGHT = 8.4, 19  # of a character, in pixels
NBSP = "\u00a0"  # SVG collapses other spaces
CONSOLE = Console(width=COLUMNS, color_system="truecolor", force_terminal=True)
PAUSE, TYPING, END = 1.0, 0.6, 5.0  # seconds: the longest pause, before each command, before it starts again


class Line(NamedTuple):
    """A line of the terminal, and when it appeared."""

    at: float
    text: Text


def main() -> None:
    """Record, and write the picture."""
    with tempfile.TemporaryDirectory(prefix="devenv-recording-") as scratch:
        lines = list(record(Path(scratch)))
    TARGET.write_text(picture(lines))
    print(f"{TARGET.relative_to(REPO)}: {len(lines)} lines, {lines[-1].at:.0f} s, {TARGET.stat().st_size // 1024} KB")


def record(scratch: Path) -> Iterator[Line]:
    """The lines of all commands, on one clock without long pauses."""
    home, hosted = scratch / "home", scratch / "git.example.org"
    home.mkdir()
    clone = ["git", "clone", "--quiet", "--bare", str(REPO), str(hosted / "devenv-template")]
    subprocess.run(clone, check=True)
    (home / ".gitconfig").write_text(
        f'[url "file://{hosted}/"]\n\tinsteadOf = {HOST}\n[user]\n\tname = Me\n\temail = me@example.org\n'
    )
    env = environment(home)
    shown = {str(home): "/home/me", str(hosted): HOST, str(REPO): "/home/me/devenv-template"}
    now, folder = 0.0, home
    try:
        for command in COMMANDS:
            now += TYPING
            yield Line(now, Text.assemble(("$ ", "bold green"), (command, "bold")))
            for pause, line in typed(command, folder, env):
                now += min(pause, PAUSE)
                yield Line(now, tidy(line, shown))
            if command.startswith("cd "):
                folder = home / "catalog"
    finally:
        if (home / "catalog").is_dir():
            subprocess.run(["make", "dev.destroy", "ARGS=--yes"], cwd=home / "catalog", env=env, capture_output=True)


def environment(home: Path) -> dict[str, str]:
    """That of a new user, with the programs of this checkout on the path."""
    path = f"{REPO / '.venv' / 'bin'}:{os.environ['PATH']}"
    kept = {
        name: os.environ[name] for name in os.environ if re.match(r"(LANG|LC_|SSL_|PIP_|UV_|HTTPS?_|NO_PROXY)", name)
    }
    return {**kept, "HOME": str(home), "PATH": path, "TERM": "xterm-256color", "DEV_ENGINE": "native"}


def typed(command: str, folder: Path, env: dict[str, str]) -> Iterator[tuple[float, str]]:
    """The lines that a command prints at a terminal, each with the seconds since the one before. It has to succeed."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", f"stty cols {COLUMNS} rows {ROWS}; {command}"], env)
    rest, last = b"", time.monotonic()
    while chunk := read(terminal):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            now = time.monotonic()
            yield now - last, line.decode(errors="replace")
            last = now
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(f"{command}: exit code {code}")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the other end was closed
        return b""


def tidy(line: str, shown: dict[str, str]) -> Text:
    """What is left of a line after the last carriage return, without this machine's folders."""
    for folder, name in shown.items():
        line = line.replace(folder, name)
    line = re.sub(r"/\S+/bin/(?=(python|uv|initdb|postgres)\S*)", "", line.rstrip("\r").rpartition("\r")[2])
    text = Text.from_ansi(line)
    text.truncate(COLUMNS, overflow="ellipsis")
    return text


def picture(lines: list[Line]) -> str:
    """An SVG that shows each line when it appeared, scrolls, and starts again."""
    end = lines[-1].at + END
    width, height = COLUMNS * WIDTH + 30, ROWS * HEIGHT + 50
    ground, ink = (hexadecimal(color) for color in (MONOKAI.background_color, MONOKAI.foreground_color))
    scrolled = [(line.at / end, (at + 1 - ROWS) * HEIGHT) for at, line in enumerate(lines) if at + 1 > ROWS]
    times = ";".join(["0", *(f"{when:.4f}" for when, _ in scrolled)])
    places = ";".join(["0 0", *(f"0 -{by}" for _, by in scrolled)])
    timing = f'dur="{end:.1f}s" calcMode="discrete" repeatCount="indefinite"'
    rows = []
    for at, (when, text) in enumerate(lines):
        shows = f'<animate attributeName="visibility" values="hidden;visible" keyTimes="0;{when / end:.4f}" {timing}/>'
        rows.append(f'<text y="{(at + 1) * HEIGHT - 5}">{shows}{spans(text)}</text>')
    font = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14"'
    move = f'attributeName="transform" type="translate" values="{places}" keyTimes="{times}" {timing}'
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
