"""The MUSTs, read from CONTRACT.md, so that their text is in one place."""

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
    "DEP": "secrets and libraries",
    "TPL": "templates and updates",
}
ID = rf"(?:{'|'.join(AREAS)})-\d+"
ROW = re.compile(rf"^\| ({ID}) \| (core|full) \| (\d+\.\d+) \| (.+?) \|$", re.MULTILINE)
WHY = re.compile(rf"^- ({ID}): (.+)$", re.MULTILINE)
KEY = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
BELOW = re.compile(r"^\| `(\w+(?:\.NAME)?)\.(\w+)` \|", re.MULTILINE)
COMMAND = re.compile(r"^\| `((?:dev|contract)\.\w+)[^|]*\| (core|full) \|.*\| (\d+\.\d+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Must:
    """One MUST: its ID, core or full, the version that introduced it, its sentence, and its reason."""

    id: str
    level: str
    since: tuple[int, ...]
    sentence: str
    why: str

    @property
    def area(self) -> str:
        return self.id.partition("-")[0]


def version(text: str) -> tuple[int, ...]:
    """`1.10` is newer than `1.9`."""
    return tuple(int(part) for part in text.split("."))


def musts(page: str) -> dict[str, Must]:
    """All MUSTs by ID, in the order of the page: a row each, and a line with the reason."""
    why = dict(WHY.findall(page))
    rows = (Must(id, level, version(since), sentence, why[id]) for id, level, since, sentence in ROW.findall(page))
    return {must.id: must for must in rows}


def held_to(every: Iterable[Must], level: str, keeps: tuple[int, ...]) -> list[Must]:
    """The MUSTs that a repository of this level and contract version must keep."""
    return [must for must in every if must.since <= keeps and (level == "full" or must.level == "core")]


def keys(page: str) -> list[str]:
    """The keys at the top of dev.yaml."""
    return KEY.findall(section(page, "dev.yaml"))


def keys_below(page: str) -> dict[str, set[str]]:
    """The keys of the mappings in dev.yaml: of `commands`, and of `scenarios.NAME` for each of its entries."""
    found: dict[str, set[str]] = {}
    for mapping, key in BELOW.findall(section(page, "dev.yaml")):
        found.setdefault(mapping, set()).add(key)
    return found


def commands(page: str, keeps: tuple[int, ...]) -> dict[str, str]:
    """Each command of a contract version with its level."""
    rows = COMMAND.findall(section(page, "Commands"))
    return {name: level for name, level, since in rows if version(since) <= keeps}


def section(page: str, title: str) -> str:
    """The text below a heading of the second level."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
