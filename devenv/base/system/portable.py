"""As linux.py, for macOS and other systems, with psutil and what every Unix has. Importing psutil takes 100 ms."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
from collections.abc import Iterator

import psutil

from devenv.base.system.entries import Entry, Table

GONE = (psutil.Error, OSError)  # it has ended, or is another user's


def look() -> Table:
    entries = map(_entry, psutil.process_iter())
    return {entry.pid: entry for entry in entries if entry}


def only(pid: int) -> Table:
    with contextlib.suppress(*GONE):
        entry = _entry(psutil.Process(pid))
        return {pid: entry} if entry else {}
    return {}


def folder(pid: int) -> str:
    with contextlib.suppress(*GONE):
        return str(psutil.Process(pid).cwd())
    return ""


def seeing(table: Table, path: str, file: os.stat_result) -> dict[int, list[str]]:
    return {}  # a process cannot have mounts of its own


def memory_of(pid: int) -> int | None:
    """The resident memory: shared pages count for each process that uses them."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
    except GONE:
        return None


def container_memory(container: str) -> int | None:
    return None  # the containers are in a virtual machine


def ends(pid: int, timeout: float) -> None:
    """No call of every Unix waits for one process with a limit, so Popen.wait has to look again and again."""


@functools.cache
def boot() -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        # Not the time of the boot, which macOS corrects together with the clock.
        argv = ["sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    return str(int(psutil.boot_time()))


def listening(port: int) -> int:
    """Only among this user's processes: macOS lists the connections of all for root alone."""
    return next((pid for pid, ports in _listeners() if port in ports), 0)


def _listeners() -> Iterator[tuple[int, set[int]]]:
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            found = process.net_connections("tcp")
            yield process.pid, {each.laddr.port for each in found if each.status == psutil.CONN_LISTEN}


def _entry(process: psutil.Process) -> Entry | None:
    try:
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            birth = f"{boot()}/{process.create_time():.2f}"
            pid, parent, name = process.pid, process.ppid(), process.name()
        return Entry(pid, parent, os.getsid(pid), birth, name, os.getpgid(pid), _environment)
    except GONE:
        return None


def _environment(pid: int) -> list[bytes]:
    """Also the arguments: macOS hides the variables of its own programs, such as /bin/sh, but not their arguments."""
    with contextlib.suppress(*GONE):
        process = psutil.Process(pid)
        words = [os.fsencode(word) for word in process.cmdline()]
        with contextlib.suppress(*GONE):
            words += [os.fsencode(f"{name}={value}") for name, value in process.environ().items()]
        return words
    return []
