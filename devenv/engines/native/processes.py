"""The processes of this machine, and which of them are ours: there is a record for each process that we started.

The record of a process distinguishes it from a later one with the same number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from devenv.base import disk, shapes, system
from devenv.base.system import Entry, Table

MARK = "DEVENV_UNIT"  # a variable of all our processes: the folder of their unit
FILE = "process.json"
HOSTS = "hosts"  # in the folder of a unit: the hosts file that its processes see, see addresses.py
SHAPE = {"pid": int, "birth": str, "made_from": str, "ended": str}


def marked(table: Table, mark: Path) -> set[int]:
    """The processes with our mark, in any session. Other users' processes are not readable, and not ours."""
    wanted = f"{MARK}={mark}".encode()
    return {pid for pid, entry in table.items() if wanted in entry.environment}


def inside(table: Table, folder: Path, name: str = "") -> set[int]:
    """The processes with that current folder, and that name if it is given. Servers overwrite their environment."""
    return {p for p, entry in table.items() if name in ("", entry.name) and system.folder(p) == str(folder)}


def confined(table: Table, unit: Path) -> set[int]:
    """The processes that see the hosts file of a unit: nothing that a process does changes the mounts that it sees.

    So a daemon is found that left its session and dropped its environment. Only where addresses.py can mount a file.
    """
    try:
        wanted = (unit / HOSTS).stat()
    except OSError:
        return set()
    seeing = system.seeing(table, "/etc/hosts", wanted)
    return {pid for pid, names in seeing.items() if any(_is_of(name, unit) for name in names)}


def _is_of(mounted: str, unit: Path) -> bool:
    """Whether a path in mountinfo, which escapes blanks and begins at the root of a disk, is the unit's hosts file."""
    return Path(mounted).parts[-2:] == (unit.name.replace(" ", "\\040"), HOSTS)


def family(table: Table, heads: Iterable[int]) -> set[int]:
    """Processes with all their descendants and all members of their sessions."""
    found: set[int] = set()
    todo = set(heads)
    while todo:
        found |= todo
        todo = {e.pid for e in table.values() if e.parent in found or e.session in found} - found
    return found & set(table)


class Record(NamedTuple):
    """One started process: its number and birth, what it was started from, and how it ended, if we saw it."""

    pid: int
    birth: str
    made_from: str  # a fingerprint of command and environment
    ended: str = ""  # "stopped" by us, "exited (N)"; empty while it runs, or if we did not see its end

    @property
    def id(self) -> str:
        """What tells it from every other process of this machine."""
        return f"{self.pid}-{self.birth}"

    def entry(self, seen: Table | None = None) -> Entry | None:
        """The process, if it still runs: taken from `seen`, else looked up alone."""
        found = (system.only(self.pid) if seen is None else seen).get(self.pid)
        return found if found and found.birth == self.birth and not self.ended else None


def read_record(folder: Path) -> Record | None:
    """The record in a unit's folder; None if there is none or it is not a valid record."""
    known = shapes.read(folder / FILE, SHAPE) or {}
    try:
        return Record(**{key: known[key] for key in Record._fields if key in known})
    except TypeError:  # a key is missing
        return None


def write_record(folder: Path, record: Record) -> None:
    """Replace the record in one step. No process survives a power cut, so its record need not either."""
    disk.replace(folder / FILE, json.dumps(record._asdict()) + "\n", 0o600, lasting=False)


def heads(folder: Path, seen: Table) -> set[int]:
    """The process in the record, or the members of its session, which may outlive it.

    The kernel does not reuse a number that still names a session, so a session without its leader is ours, unless the
    machine was restarted.
    """
    record = read_record(folder)
    if not record:
        return set()
    if record.entry(seen):
        return {record.pid}
    boot = record.birth.rpartition("/")[0]
    orphans = {e.pid for e in seen.values() if e.session == record.pid and e.birth.rpartition("/")[0] == boot}
    return set() if record.pid in seen else orphans


def of_unit(folder: Path, seen: Table) -> set[int]:
    """The processes of a unit that can be found without their parents: by record, by mark, by what they see."""
    return heads(folder, seen) | marked(seen, folder) | confined(seen, folder)


def is_alive(folder: Path) -> bool:
    """Whether anything from the record still runs. All processes are searched only if its own process has ended."""
    record = read_record(folder)
    return bool(record and (record.entry() or heads(folder, system.look())))
