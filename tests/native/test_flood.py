"""An app that prints as fast as it can: its log stays bounded meanwhile, and every verb answers."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from devenv.engines.native import supervisor
from tests.conftest import until

from . import stacks
from .conftest import Make, Repo

pytestmark = pytest.mark.xdist_group("native-small")
KEEPER = Path(supervisor.__file__).with_name("keeper.sh")
MB = 2**20
# The limit, what is written until the keeper looks (in memory, 150 MB a second), and what is kept while it is cut.
ROOM = 500 * MB
PROMPT = 90.0  # seconds of a command on a busy machine; one that reads to the end of what grows never ends
# Numbered lines on both streams, each written at once. The answer is the number of the moment.
FLOOD = """
import itertools, sys, threading

numbers = itertools.count()

def flood(stream):
    for number in numbers:
        stream.write(f"{number} {'x' * 200}\\n")

def answer():
    return str(next(numbers))

for stream in (sys.stdout, sys.stderr):
    threading.Thread(target=flood, args=(stream,), daemon=True).start()
"""


class Watch(threading.Thread):
    """Looks at the size of a service's folder and at its keeper all the time."""

    def __init__(self, repo: Repo) -> None:
        super().__init__()
        self.repo = repo
        self.over = threading.Event()
        self.largest = self.cuts = self.memory = 0

    def run(self) -> None:
        before = 0
        while not self.over.wait(0.02):
            size = sum(size_of(file) for file in (self.repo.native / "app").glob("log*"))
            self.cuts += size < before / 2
            self.largest, before = max(self.largest, size), size
            self.memory = max([self.memory, *map(memory, self.keepers())])

    def keepers(self) -> list[int]:
        """The keeper and the programs that it runs at the moment."""
        return [pid for pid, words in self.repo.processes().items() if "keeper.sh" in words or ".cut" in words]


@contextmanager
def watched(repo: Repo) -> Iterator[Watch]:
    watch = Watch(repo)
    watch.start()
    try:
        yield watch
    finally:
        watch.over.set()
        watch.join()


def size_of(file: Path) -> int:
    """Bytes on disk."""
    with suppress(OSError):
        return file.stat().st_blocks * 512
    return 0


def memory(pid: int) -> int:
    """The bytes that a process has in memory."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def test_a_flood_of_lines_drowns_nothing(small: Make) -> None:
    repo = small(stacks.compose(), stacks.PYTHON, stacks.files(FLOOD))
    with watched(repo) as watch:
        repo.up()
        assert until(lambda: watch.cuts >= 3), "it was cut again and again"
        now = int(repo.page()[1])
        start = time.monotonic()
        shown = repo.ok("dev.logs", "-s", "app", "--tail", "5").stdout.splitlines()
        assert time.monotonic() - start < PROMPT
        assert len(shown) == 5
        assert int(shown[-1].split("|")[1].split()[0]) > now, "the newest lines"
        assert "running (healthy)" in repo.ok("dev.status").stdout
        assert int(repo.page()[1]) > now
        repo.ok("dev.down")
    assert not repo.processes()
    assert 0 < watch.largest < ROOM
    assert 0 < watch.memory < 8 * MB


def test_a_log_is_cut_although_what_is_kept_of_it_finds_no_room(tmp_path: Path) -> None:
    log = tmp_path / "app/log"
    (tmp_path / "app/log.cut").mkdir(parents=True)  # in the way of the file that the kept part goes through
    log.write_bytes(b"x" * 11 * MB)
    with subprocess.Popen(["sh", KEEPER, tmp_path], stderr=subprocess.DEVNULL) as kept:
        try:
            assert until(lambda: log.stat().st_size == 0)
        finally:
            kept.kill()
