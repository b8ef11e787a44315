"""What depends on the operating system. No other module reads the kernel's files or calls psutil.

`linux.py` reads /proc, and says what each function does; `portable.py` has the same functions for other systems.
DEVENV_PORTABLE=1 chooses the second on Linux too, so that our tests run what a Mac runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from devenv.base.system.entries import Entry, Table

PORTABLE = os.environ.get("DEVENV_PORTABLE") == "1" or not Path("/proc/self/stat").exists()

if PORTABLE:
    from devenv.base.system.portable import (
        boot,
        container_memory,
        ends,
        folder,
        listening,
        look,
        memory_of,
        only,
        seeing,
    )
else:
    from devenv.base.system.linux import boot, container_memory, ends, folder, listening, look, memory_of, only, seeing

__all__ = ["PORTABLE", "Entry", "Table", "boot", "container_memory", "ends", "folder", "listener", "look", "memory"]
__all__ += ["only", "running", "runs_from", "seeing"]


def running(entries: Iterable[Entry]) -> set[Entry]:
    """Those of the processes that still run. For waiting for a few, this is faster than a look at all."""
    return {entry for entry in entries if only(entry.pid).get(entry.pid) == entry}


def memory(pids: Iterable[int]) -> int | None:
    """The memory of processes in bytes; None if one of them cannot be measured."""
    found = [memory_of(pid) for pid in pids]
    return None if None in found else sum(used or 0 for used in found)


def listener(port: int) -> str:
    """The process that listens on a TCP port, in words; empty if it cannot be found."""
    pid = listening(port)
    entry = only(pid).get(pid) if pid else None
    return f"{entry.name} (pid {pid})" if entry else ""


def runs_from(place: Path) -> bool:
    """Whether a process of this machine was started from a folder."""
    import psutil  # here, since it is slow to import

    inside = f"{place}{os.sep}"
    for process in psutil.process_iter(["cmdline", "exe"]):  # None: another user's
        words = [process.info["exe"] or "", *(process.info["cmdline"] or [])]
        if any(inside in f"{word}{os.sep}" for word in words):
            return True
    return False
