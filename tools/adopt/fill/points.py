"""The open points for the owner: the places marked FILL IN, read from the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.adopt.fill.lines import MARK

POINT = re.compile(rf"\s*# {MARK}: (?P<what>.*\S)")


@dataclass(frozen=True)
class OpenPoint:
    """One place: its file and line, what is missing, and an example line (in the comment below it)."""

    file: str
    line: int
    what: str
    example: str


def open_points(files: Mapping[str, str]) -> list[OpenPoint]:
    """The open points of the files (name → text), in the order of the files and lines."""
    return [point for name, text in files.items() for point in _in_file(name, text.splitlines())]


def _in_file(name: str, lines: list[str]) -> list[OpenPoint]:
    pairs = enumerate(zip(lines, [*lines[1:], ""]), start=1)
    found = [(number, POINT.fullmatch(line), below) for number, (line, below) in pairs]
    return [OpenPoint(name, n, match["what"], _example(below)) for n, match, below in found if match]


def _example(line: str) -> str:
    """The line that the comment holds."""
    return line.strip().removeprefix("#").strip()
