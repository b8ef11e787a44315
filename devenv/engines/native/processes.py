"""The processes of this machine, and which of them are ours: there is a record for each process that we started.

They are read from /proc, or with psutil if /proc does not exist. Reading /proc takes a few milliseconds; importing
psutil takes a hundred. The record of a process distinguishes it from a later one with the same number.
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

from devenv.base import disk, shapes

PROC = Path("/proc")
MARK = "DEVENV_UNIT"  # a variable of all our processes: the folder of their unit
FILE = "process.json"
HOSTS = "hosts"  # in the folder of a unit: the hosts file that its processes see, see addresses.py
SHAPE = {"pid": int, "birth": str, "made_from": str, "ended": str}


@dataclass(frozen=True)
class Entry:
    """One live process. pid and birth together are unique, even after a change of the clock or a reboot.

    Only they are compared: a process stays the same when its parent dies or when it executes another program.
    """

    pid: int
    parent: int = field(compare=False)
    session: int = field(compare=False)
    birth: str
    name: str = field(default="", compare=False)

    @functools.cached_property
    def environment(self) -> list[bytes]:
        """The variables that it was started with; none for another user's process. Read once for each entry."""
        with contextlib.suppress(OSError), open(f"{PROC}/{self.pid}/environ", "rb") as file:
            return file.read().split(b"\0")
        return []


Table = dict[int, Entry]


def look() -> Table:
    """All running processes; zombies are left out."""
    if not (PROC / "self/stat").exists():
        return _with_psutil()
    entries = (_entry(int(name)) for name in os.listdir(PROC) if name.isdigit())
    return {entry.pid: entry for entry in entries if entry}


def only(pid: int) -> Table:
    """`look` for one process: much faster than a look at all."""
    if not (PROC / "self/stat").exists():
        return {found: entry for found, entry in _with_psutil().items() if found == pid}
    entry = _entry(pid)
    return {pid: entry} if entry else {}


def running(entries: Iterable[Entry]) -> set[Entry]:
    """Those of the processes that still run. For waiting for a few, this is faster than a look at all."""
    if not (PROC / "self/stat").exists():
        return set(entries) & set(_with_psutil().values())
    return {entry for entry in entries if _entry(entry.pid) == entry}


def marked(table: Table, mark: Path) -> set[int]:
    """The processes with our mark, in any session. Other users' processes are not readable, and not ours."""
    wanted = f"{MARK}={mark}".encode()
    return {pid for pid, entry in table.items() if wanted in entry.environment}


def inside(table: Table, folder: Path, name: str = "") -> set[int]:
    """The processes with that current folder, and that name if it is given. Servers overwrite their environment."""
    return {p for p, entry in table.items() if name in ("", entry.name) and _link(p, "cwd") == str(folder)}


def confined(table: Table, unit: Path) -> set[int]:
    """The processes that see the hosts file of a unit: nothing that a process does changes the mounts that it sees.

    So a daemon is found that left its session and dropped its environment. Only where addresses.py can mount a file.
    """
    try:
        wanted = (unit / HOSTS).stat()
    except OSError:
        return set()
    own = _link(os.getpid(), "ns/mnt")
    spaces: dict[str, list[int]] = {}
    for pid in table:
        spaces.setdefault(_link(pid, "ns/mnt"), []).append(pid)
    ours = [pids for space, pids in spaces.items() if space not in ("", own) and _sees(pids[0], unit, wanted)]
    return {pid for pids in ours for pid in pids}


def _sees(pid: int, unit: Path, wanted: os.stat_result) -> bool:
    """Whether a process has the hosts file of a unit mounted. The files of a service's units are one file."""
    with contextlib.suppress(OSError):
        seen = os.stat(f"{PROC}/{pid}/root/etc/hosts")
        if (seen.st_dev, seen.st_ino) == (wanted.st_dev, wanted.st_ino):
            with open(f"{PROC}/{pid}/mountinfo", errors="replace") as file:
                return any(row.split()[4] == "/etc/hosts" and _is_of(row.split()[3], unit) for row in file)
    return False


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


def memory(pids: Iterable[int]) -> int:
    """The memory of processes in bytes; shared pages are divided among the processes that use them (PSS)."""
    return sum(_pss(pid) for pid in pids)


@functools.cache
def _boot() -> str:
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def _entry(pid: int) -> Entry | None:
    try:
        with open(f"{PROC}/{pid}/stat", errors="replace") as file:  # not Path, which takes twice as long
            text = file.read()
    except OSError:  # it has ended
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")  # the name may hold blanks and parentheses itself
    words = rest.split()
    if words[0] in "ZX":
        return None
    return Entry(pid, int(words[1]), int(words[3]), f"{_boot()}/{words[19]}", name)


def _link(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"{PROC}/{pid}/{name}")
    return ""


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def _with_psutil() -> Table:
    import psutil  # here, since it is slow to import

    found: Table = {}
    for process in psutil.process_iter(["ppid", "create_time", "status"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["status"] != psutil.STATUS_ZOMBIE:
                session = os.getsid(process.pid)
                found[process.pid] = Entry(process.pid, process.info["ppid"], session, str(process.info["create_time"]))
    return found


class Record(NamedTuple):
    """One started process: its number and birth, what it was started from, and how it ended, if we saw it."""

    pid: int
    birth: str
    made_from: str  # a fingerprint of command and environment
    ended: str = ""  # "stopped" by us, "exited (N)"; empty while it runs, or if we did not see its end

    def entry(self, seen: Table | None = None) -> Entry | None:
        """The process, if it still runs: taken from `seen`, else looked up alone."""
        found = (only(self.pid) if seen is None else seen).get(self.pid)
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
    return bool(record and (record.entry() or heads(folder, look())))
