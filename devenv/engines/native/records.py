"""What was started: a small file for each process, which tells our process from another one with its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from devenv.base import state
from devenv.engines.native import table
from devenv.engines.native.table import Entry, Table

FILE = "process.json"


class Record(NamedTuple):
    """One started process: its number and birth, what it was started from, and how it ended where we saw it."""

    pid: int
    birth: str
    made_from: str  # a fingerprint of command and environment
    ended: str = ""  # "stopped" by us, "exited (N)"; empty while it runs, and after it died unseen

    def entry(self, seen: Table | None = None) -> Entry | None:
        """The process, where it still runs: by a look at all that was taken, else by one at it alone."""
        found = (table.only(self.pid) if seen is None else seen).get(self.pid)
        return found if found and found.birth == self.birth and not self.ended else None


def read(folder: Path) -> Record | None:
    """The record in a unit's folder; None where there is none or where it is no record."""
    try:
        return Record(**json.loads((folder / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write(folder: Path, record: Record) -> None:
    """Replace the record in one step."""
    state.replace_file(folder / FILE, json.dumps(record._asdict()) + "\n")


def heads(folder: Path, seen: Table) -> set[int]:
    """What the record leads to: the process, or its number as the session's, which outlives it.

    The kernel gives no number away that still names a session, so a session without its leader is ours, unless
    the machine was started anew.
    """
    record = read(folder)
    if not record:
        return set()
    if record.entry(seen):
        return {record.pid}
    orphans = {e.pid for e in seen.values() if e.session == record.pid and _same_boot(e, record)}
    return set() if record.pid in seen else orphans


def is_alive(folder: Path) -> bool:
    """Whether anything runs of what the record leads to. Only where its process is gone, all others are looked at."""
    record = read(folder)
    return bool(record and (record.entry() or heads(folder, table.read())))


def _same_boot(entry: Entry, record: Record) -> bool:
    return entry.birth.rpartition("/")[0] == record.birth.rpartition("/")[0]
