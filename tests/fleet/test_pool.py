"""Children: what goes wrong in one of them is said, and stops nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import until
from tests.messages import TOOK_LONGER
from tools.fleet import pool


def run(items: list[str], work: pool.Work[str], root: Path, limit: float = 60) -> dict[str, str]:
    """What went wrong with each item."""
    return {one.item: one.failure for one in pool.each(items, work, 2, limit, root)}


def test_each_has_a_folder_and_is_done(tmp_path: Path) -> None:
    def work(item: str, folder: Path) -> None:
        (folder / "answer").write_text(item)

    found = {one.item: (one.folder / "answer").read_text() for one in pool.each(list("abcdef"), work, 2, 60, tmp_path)}
    assert found == {letter: letter for letter in "abcdef"}
    assert not list(tmp_path.iterdir())


def test_one_failure_stops_nothing(tmp_path: Path) -> None:
    def work(item: str, folder: Path) -> None:
        print(f"about to do {item}", flush=True)
        if item == "raises":
            raise ValueError("no such thing")
        if item == "dies":
            os.kill(os.getpid(), 9)

    assert run(["raises", "dies", "works"], work, tmp_path) == {
        "raises": "the check crashed: ValueError: no such thing",
        "dies": "the check crashed: about to do dies",
        "works": "",
    }


def test_what_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()

    def work(item: str, folder: Path) -> None:
        if item == "hangs":
            with subprocess.Popen(["sleep", "600"]) as started:
                (pids / str(started.pid)).touch()

    root = tmp_path / "root"
    root.mkdir()
    assert run(["hangs", "works"], work, root, limit=1) == {"hangs": f"{TOOK_LONGER} 1 s", "works": ""}
    (pid,) = (int(path.name) for path in pids.iterdir())
    assert until(lambda: gone(pid))


def test_an_end_from_outside_ends_the_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()

    def work(item: str, folder: Path) -> None:
        if item == "slow":
            (pids / str(os.getpid())).touch()
            time.sleep(600)

    root = tmp_path / "root"
    root.mkdir()
    running = pool.each(["slow", "quick"], work, 2, 600, root)
    assert next(running).item == "quick"
    assert until(lambda: list(pids.iterdir()))
    with pytest.raises(KeyboardInterrupt):
        running.throw(KeyboardInterrupt)
    (pid,) = (int(path.name) for path in pids.iterdir())
    assert gone(pid)


# An interrupt in the middle of each fork: the callbacks that Python runs there must not swallow it.
INTERRUPTED_FORK = """
import os, signal, sys, time
from pathlib import Path
from tools.fleet import pool

os.register_at_fork(before=lambda: os.kill(os.getpid(), signal.SIGINT), after_in_parent=lambda: time.sleep(0))
try:
    for one in pool.each(["first", "second"], lambda item, folder: None, 1, 60, Path(sys.argv[1])):
        pass
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupt_during_a_fork_is_not_lost(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_FORK, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")


def gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
