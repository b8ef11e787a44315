"""The MUSTs, read from CONTRACT.md, so that their words stand in one place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "CONTRACT.md"
AREAS = {
    "CFG": "files",
    "CMD": "commands",
    "OUT": "output, errors, exit codes",
    "IMG": "the image",
    "CMP": "the compose file",
    "DATA": "schema and rows",
    "RES": "memory and time",
    "STK": "between repositories",
    "TPL": "templates and updates",
}
ROW = re.compile(rf"^\| ((?:{'|'.join(AREAS)})-\d+) \| (core|full) \| (.+?) \| (.+?) \| (\d+\.\d+) \|$", re.MULTILINE)
KEY = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
# In the order of the page, which is that of the commands' table. The row of a newer command ends with its version.
COMMAND = re.compile(r"^\| (\*\*)?`((?:dev|contract)\.\w+).*?(?: Since (\d+\.\d+)\.)? \|$", re.MULTILINE)


@dataclass(frozen=True)
class Must:
    """One row: its ID, core or full, the sentence, why it is there, the version that brought it."""

    id: str
    level: str
    sentence: str
    why: str
    since: tuple[int, ...]

    @property
    def area(self) -> str:
        return self.id.partition("-")[0]


def version(text: str) -> tuple[int, ...]:
    """`1.10` is newer than `1.9`."""
    return tuple(int(part) for part in text.split("."))


def musts(page: str) -> dict[str, Must]:
    """All MUSTs by ID, in the order of the page."""
    rows = (Must(*row[:4], version(row[4])) for row in ROW.findall(page))
    return {must.id: must for must in rows}


def held_to(every: Iterable[Must], level: str, keeps: tuple[int, ...]) -> list[Must]:
    """The MUSTs that a repository of this level and contract version is held to."""
    return [must for must in every if must.since <= keeps and (level == "full" or must.level == "core")]


def keys(page: str) -> list[str]:
    """The keys of dev.yaml."""
    table = page.partition("The keys of `dev.yaml`")[2].partition("\n## ")[0]
    return KEY.findall(table)


def commands(page: str, keeps: tuple[int, ...]) -> dict[str, str]:
    """Each command of a contract version with its level: those in bold are core."""
    table = page.partition("## The commands")[2].partition("\n## ")[0]
    rows = COMMAND.findall(table)
    return {name: "core" if bold else "full" for bold, name, since in rows if version(since or "1.0") <= keeps}
