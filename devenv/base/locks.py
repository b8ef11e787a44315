"""Only one command at a time may change a service. The kernel releases the lock when a process ends."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devenv.base import descriptors, events
from devenv.base.errors import MISSING, DevError


@contextmanager
def held(path: Path, command: str, *, alone: bool = False, brief: bool = False) -> Iterator[None]:
    """Hold the lock file `path` for `command`. If another command holds it, report that one and wait.

    `alone`: `command` starts no process. Processes that other threads start meanwhile must not inherit the lock.
    `brief`: it is held for so short a time that waiting is not reported.
    """
    fd = _acquire(path, brief)
    _sign(fd, command)
    # Children inherit the lock. If only this process is killed, its engine command goes on, and the next command must
    # not start before that one has ended.
    if not alone:
        descriptors.inherited.add(fd)
    try:
        yield
    finally:
        descriptors.close(fd)


def is_held(path: Path) -> bool:
    """Whether a command holds the lock now."""
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def holder(path: Path) -> str:
    """Who holds or last held the lock, in words."""
    try:
        owner = json.loads(path.read_text())
        return f"`{owner['command']}` (pid {owner['pid']}) since {owner['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another command"


def _acquire(path: Path, brief: bool) -> int:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # `dev.destroy` removed the folder at this very moment
        _wait_for(fd, path, brief)
        if _is_current(fd, path):
            return fd
        os.close(fd)  # `dev.destroy` removed the file, or its folder too, while we waited: take the lock of the new one


def _wait_for(fd: int, path: Path, brief: bool) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not brief:
            events.note(f"waiting: {path.stem} is held by {holder(path)}")
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        os.close(fd)
        # Without a lock, two commands at once could lose data.
        what = f"{path.parent}: files cannot be locked there, as on some network disks: {error.strerror}"
        raise DevError(MISSING, what, "use a folder on a disk of this machine: export XDG_STATE_HOME=FOLDER") from None


def _is_current(fd: int, path: Path) -> bool:
    try:
        return os.fstat(fd).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _sign(fd: int, command: str) -> None:
    owner = {"pid": os.getpid(), "command": command, "since": time.strftime("%H:%M:%S")}
    with suppress(OSError):  # on a full disk: the lock is held, and only its holder has no name
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(owner).encode(), 0)
