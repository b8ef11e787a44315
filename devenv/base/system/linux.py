"""What only Linux has, read from the kernel's files. It takes milliseconds, and imports nothing."""

from __future__ import annotations

import contextlib
import functools
import os
import select
from pathlib import Path

from devenv.base.system.cgroups import in_use
from devenv.base.system.entries import Entry, Table

PROC = Path("/proc")
# The places of a container's cgroup: v2 with systemd, v2 with cgroupfs, v1.
GROUPS = (
    "/sys/fs/cgroup/system.slice/docker-{id}.scope",
    "/sys/fs/cgroup/docker/{id}",
    "/sys/fs/cgroup/memory/docker/{id}",
    "/sys/fs/cgroup/memory/system.slice/docker-{id}.scope",
)


def look() -> Table:
    """All running processes; zombies are left out."""
    entries = (_entry(int(name)) for name in os.listdir(PROC) if name.isdigit())
    return {entry.pid: entry for entry in entries if entry}


def only(pid: int) -> Table:
    """`look` for one process: much faster than a look at all."""
    entry = _entry(pid)
    return {pid: entry} if entry else {}


def folder(pid: int) -> str:
    """The current folder of a process; empty if it cannot be read."""
    return _link(pid, "cwd")


def seeing(table: Table, path: str, file: os.stat_result) -> dict[int, list[str]]:
    """The processes with mounts of their own that see a file at `path`, and the names that the file has there."""
    own = _link(os.getpid(), "ns/mnt")
    spaces: dict[str, list[int]] = {}
    for pid in table:
        spaces.setdefault(_link(pid, "ns/mnt"), []).append(pid)
    found: dict[int, list[str]] = {}
    for pids in (pids for space, pids in spaces.items() if space not in ("", own)):
        mounted = _mounted(pids[0], path, file)
        found.update({pid: mounted for pid in pids if mounted})
    return found


def memory_of(pid: int) -> int | None:
    """The memory of a process in bytes, 0 if it has ended, None if it cannot be measured.

    Shared pages are divided among the processes that use them (PSS).
    """
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return None if _entry(pid) else 0


def container_memory(container: str) -> int | None:
    """The bytes that a container uses; None if its cgroup is not visible."""
    for pattern in GROUPS:
        group = Path(pattern.format(id=container))
        for usage in ("memory.current", "memory.usage_in_bytes"):
            if (group / usage).is_file():
                lines = (group / "memory.stat").read_text().splitlines()
                return in_use((group / usage).read_text(), dict(line.split() for line in lines))
    return None


def ends(pid: int, timeout: float) -> None:
    """Return when a process ends, or after `timeout` seconds; at once if the system cannot wait for that."""
    with contextlib.suppress(AttributeError, OSError):  # a Python for old kernels, or an old kernel
        handle = os.pidfd_open(pid)
        try:
            over = select.poll()
            over.register(handle, select.POLLIN)
            over.poll(timeout * 1000)
        finally:
            os.close(handle)


@functools.cache
def boot() -> str:
    """An identifier of this boot of the machine; empty if the system has none."""
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def listening(port: int) -> int:
    """The number of the process that listens on a TCP port; 0 if it cannot be found."""
    import psutil  # here, since it is slow to import

    with contextlib.suppress(psutil.Error, OSError):
        for each in psutil.net_connections("tcp"):
            if each.laddr and each.laddr.port == port and each.status == psutil.CONN_LISTEN and each.pid:
                return int(each.pid)
    return 0


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
    parent, group, session = map(int, words[1:4])
    return Entry(pid, parent, session, f"{boot()}/{words[19]}", name, group, _environment)


def _environment(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError), open(f"{PROC}/{pid}/environ", "rb") as file:
        return file.read().split(b"\0")
    return []


def _link(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"{PROC}/{pid}/{name}")
    return ""


def _mounted(pid: int, path: str, file: os.stat_result) -> list[str]:
    """The names of what a process has mounted at a path, if it is that file."""
    with contextlib.suppress(OSError):
        seen = os.stat(f"{PROC}/{pid}/root{path}")
        if (seen.st_dev, seen.st_ino) == (file.st_dev, file.st_ino):
            with open(f"{PROC}/{pid}/mountinfo", errors="replace") as rows:
                return [row.split()[3] for row in rows if row.split()[4] == path]
    return []
