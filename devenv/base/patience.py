"""Waiting for programs that others wrote. They may hang, print without end, or leave a process that holds their output.

The limit is one of silence, not of the whole time: a first build may take an hour on a slow network, but it prints.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from devenv.base import system

EVERY = 0.1  # seconds between two looks at what was printed
GRACE = 5.0  # seconds between the request to end and the end
MOST = 100 * 2**20  # bytes that a program may print
_waited: set[subprocess.Popen[bytes]] = set()  # by any thread


def wait(started: subprocess.Popen[bytes], written: Sequence[IO[Any]], silence: float) -> str:
    """Wait until a process ends by itself, and return nothing; or return why it has to be ended, in words.

    `written`: the files that get its output. `silence`: for how many seconds it may print nothing.
    """
    before, last = -1, 0.0
    _waited.add(started)
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                within(started, EVERY)
                return ""
            now = time.monotonic()
            size = sum(os.fstat(file.fileno()).st_size for file in written)
            if size != before:
                before, last = size, now
            if size > MOST:
                return f"printed more than {MOST // 2**20} MB"
            if now - last > silence:
                return f"printed nothing for {silence:g} s"
    except BaseException:
        _end_soon([started])
        raise
    finally:
        _waited.discard(started)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C during the block also ends what other threads wait for."""
    try:
        yield
    except KeyboardInterrupt:
        _end_soon(list(_waited))
        raise


def within(started: subprocess.Popen[bytes], timeout: float) -> int:
    """The exit code of a process, within `timeout` seconds; else subprocess.TimeoutExpired.

    Popen.wait looks again and again, and finds out up to 50 ms late.
    """
    begun = time.monotonic()
    system.ends(started.pid, timeout)
    return started.wait(max(0.0, timeout - (time.monotonic() - begun)))


def _end_soon(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """After Ctrl-C, which reached these programs too: end those that go on."""
    until = time.monotonic() + GRACE
    for each in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            within(each, max(0.0, until - time.monotonic()))
    for each in running:
        if each.poll() is None:
            end(each)


def end(started: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, except for services: those are in a process group of their own."""
    asked = _with_children({started.pid})
    _send(asked, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        within(started, GRACE)
    found: set[int] = set()
    while (now := _with_children(asked | found)) - found:  # until none starts another one
        _send(now, signal.SIGSTOP)
        found |= now
    _send(found, signal.SIGKILL)
    for pid in found:
        system.ends(pid, GRACE)  # on a busy machine, one may still be there a moment after SIGKILL
    started.wait()


def _send(processes: set[int], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def _with_children(found: set[int]) -> set[int]:
    """Those processes that still run, with all that they started, as far as they are in our process group."""
    ours = {e.pid: e.parent for e in system.look().values() if e.group == os.getpgrp()}
    more = found
    while more:
        found = found | more
        more = {pid for pid, parent in ours.items() if parent in found} - found
    return found & set(ours)
