"""Forks of this process, a few at a time, each with a separate folder and a time limit."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Generic, TypeVar

Item = TypeVar("Item")
Work = Callable[[Item, Path], None]
SAID = "said"
INTERRUPTS = {signal.SIGINT, signal.SIGTERM}


@dataclass(frozen=True)
class Ended(Generic[Item]):
    """An item whose child has ended: its folder, which exists until the next item, and the error, if any."""

    item: Item
    folder: Path
    failure: str = ""


@dataclass(frozen=True)
class Child(Generic[Item]):
    item: Item
    folder: Path
    process: ForkProcess
    deadline: float

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.deadline

    def kill(self) -> None:
        """Kill the child and everything that it started."""
        assert self.process.pid, "0 would be our own group"
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()  # a child that has no separate group yet
        self.process.join()


def each(items: Sequence[Item], work: Work[Item], jobs: int, limit: float, root: Path) -> Iterator[Ended[Item]]:
    """Calls `work(item, folder)` for each item in a child; yields each as it ends. `limit` in seconds.

    If this ends early (Ctrl-C, an error of the caller), the children end, too.
    """
    waiting, running = deque(enumerate(items)), set[Child[Item]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, item = waiting.popleft()
                with interrupts_wait():
                    running.add(start(item, work, limit, root / str(number)))
            wait(running)
            for child in [one for one in running if one.late or not one.process.is_alive()]:
                running.remove(child)
                yield ended(child, limit)
                shutil.rmtree(child.folder, ignore_errors=True)
    finally:
        for child in running:
            child.kill()


def start(item: Item, work: Work[Item], limit: float, folder: Path) -> Child[Item]:
    folder.mkdir()
    process = multiprocessing.get_context("fork").Process(target=inside, args=(work, item, folder))
    process.start()
    return Child(item, folder, process, time.monotonic() + limit)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let an interrupt wait until the block has ended.

    During a fork it would be lost, since Python ignores what the modules' callbacks raise there. After it, the child
    would not be in the caller's set yet, and would not be ended.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def inside(work: Work[Item], item: Item, folder: Path) -> None:
    """Run in the child: in a separate group, so that everything it starts ends with it. Its output goes to a file."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
    said = (folder / SAID).open("w", encoding="utf-8", errors="replace", buffering=1)  # open until the process ends
    for stream in (1, 2):
        os.dup2(said.fileno(), stream)
    sys.stdout = sys.stderr = said
    work(item, folder)


def wait(running: set[Child[Item]]) -> None:
    """Wait until a child has ended, or is late."""
    first = min(child.deadline for child in running)
    connection.wait([child.process.sentinel for child in running], timeout=max(0, first - time.monotonic()))


def ended(child: Child[Item], limit: float) -> Ended[Item]:
    if child.process.is_alive():
        child.kill()
        return Ended(child.item, child.folder, f"it took longer than {limit:g} s")
    code = child.process.exitcode
    return Ended(child.item, child.folder, "" if code == 0 else f"the check crashed: {last_line(child.folder, code)}")


def last_line(folder: Path, code: int | None) -> str:
    """The last line of a child's output: the error of a traceback."""
    with suppress(OSError):
        lines = (folder / SAID).read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), f"it ended with {code}")
    return f"it ended with {code}"
