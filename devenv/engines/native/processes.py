"""The processes of this machine, and which of them are ours: a small file for each process that we started.

They are read from /proc, or with psutil if there is no /proc. A look at /proc takes a few milliseconds; the import of
psutil alone takes a hundred. The record of a process tells it from a later one with the same number.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from devenv.base import records

PROC = Path("/proc")
MARK = "DEVENV_UNIT"  # a variable that every process of ours carries: the folder of what it belongs to
FILE = "process.json"


@dataclass(frozen=True)
class Entry:
    """One live process. pid and birth together are never used twice, whatever the clock or a reboot does.

    They alone make two entries equal: a process goes on as the same one when its parent dies or it executes another
    program.
    """

    pid: int
    parent: int = field(compare=False)
    session: int = field(compare=False)
    birth: str
    name: str = field(default="", compare=False)

    @functools.cached_property
    def environment(self) -> list[bytes]:
        """Its variables as it was started with them; none where it is another user's. Read once for a whole look."""
        with contextlib.suppress(OSError), open(f"{PROC}/{self.pid}/environ", "rb") as file:
            return file.read().split(b"\0")
        return []


Table = dict[int, Entry]


def look() -> Table:
    """All processes that still run; those that only wait to be reaped count as gone."""
    if not (PROC / "self/stat").exists():
        return _with_psutil()
    entries = (_entry(int(name)) for name in os.listdir(PROC) if name.isdigit())
    return {entry.pid: entry for entry in entries if entry}


def only(pid: int) -> Table:
    """The same of one process: much cheaper than a look at all."""
    if not (PROC / "self/stat").exists():
        return {found: entry for found, entry in _with_psutil().items() if found == pid}
    entry = _entry(pid)
    return {pid: entry} if entry else {}


def running(entries: Iterable[Entry]) -> set[Entry]:
    """Those of the processes that still run. Cheaper than a look at all, for who waits for a few."""
    if not (PROC / "self/stat").exists():
        return set(entries) & set(_with_psutil().values())
    return {entry for entry in entries if _entry(entry.pid) == entry}


def marked(table: Table, mark: Path) -> set[int]:
    """The processes that carry our mark, in whatever session they are. Other users' are not readable, nor ours."""
    wanted = f"{MARK}={mark}".encode()
    return {pid for pid, entry in table.items() if wanted in entry.environment}


def inside(table: Table, folder: Path, name: str) -> set[int]:
    """The processes of that name whose current folder is this one: servers, which overwrite their environment."""
    return {pid for pid, entry in table.items() if entry.name == name and _link(pid) == str(folder)}


def family(table: Table, heads: Iterable[int]) -> set[int]:
    """Processes with all their descendants and all members of their sessions."""
    found: set[int] = set()
    todo = set(heads)
    while todo:
        found |= todo
        todo = {e.pid for e in table.values() if e.parent in found or e.session in found} - found
    return found & set(table)


def memory(pids: Iterable[int]) -> int:
    """Bytes of processes together, each shared page divided among those that use it (PSS)."""
    return sum(_pss(pid) for pid in pids)


@functools.cache
def _boot() -> str:
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def _entry(pid: int) -> Entry | None:
    try:
        with open(f"{PROC}/{pid}/stat", errors="replace") as file:  # not by Path, which takes twice as long
            text = file.read()
    except OSError:  # it ended meanwhile
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")  # the name may hold blanks and parentheses itself
    words = rest.split()
    if words[0] in "ZX":
        return None
    return Entry(pid, int(words[1]), int(words[3]), f"{_boot()}/{words[19]}", name)


def _link(pid: int) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(PROC / str(pid) / "cwd")
    return ""


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def _with_psutil() -> Table:
    import psutil  # slow to import

    found: Table = {}
    for process in psutil.process_iter(["ppid", "create_time", "status"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["status"] != psutil.STATUS_ZOMBIE:
                session = os.getsid(process.pid)
                found[process.pid] = Entry(process.pid, process.info["ppid"], session, str(process.info["create_time"]))
    return found


class Record(NamedTuple):
    """One started process: its number and birth, what it was started from, and how it ended where we saw it."""

    pid: int
    birth: str
    made_from: str  # a fingerprint of command and environment
    ended: str = ""  # "stopped" by us, "exited (N)"; empty while it runs, and after it died unseen

    def entry(self, seen: Table | None = None) -> Entry | None:
        """The process, where it still runs: by a look at all that was taken, else by one at it alone."""
        found = (only(self.pid) if seen is None else seen).get(self.pid)
        return found if found and found.birth == self.birth and not self.ended else None


def read_record(folder: Path) -> Record | None:
    """The record in a unit's folder; None if there is none or it is not a valid record."""
    try:
        return Record(**json.loads((folder / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_record(folder: Path, record: Record) -> None:
    """Replace the record in one step."""
    records.replace_file(folder / FILE, json.dumps(record._asdict()) + "\n")


def heads(folder: Path, seen: Table) -> set[int]:
    """What the record leads to: the process, or its number as the session's, which outlives it.

    The kernel gives no number away that still names a session, so a session without its leader is ours, unless
    the machine was restarted.
    """
    record = read_record(folder)
    if not record:
        return set()
    if record.entry(seen):
        return {record.pid}
    boot = record.birth.rpartition("/")[0]
    orphans = {e.pid for e in seen.values() if e.session == record.pid and e.birth.rpartition("/")[0] == boot}
    return set() if record.pid in seen else orphans


def is_alive(folder: Path) -> bool:
    """Whether anything runs of what the record leads to. Only where its process is gone, all others are looked at."""
    record = read_record(folder)
    return bool(record and (record.entry() or heads(folder, look())))
