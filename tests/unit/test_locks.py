"""The lock of a service, with real processes: each step waits for a line that the process writes, and for no time."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.base import descriptors, locks
from tests.conftest import REPO, run_quietly
from tests.messages import HELD_BY

HOLD = "import sys; print('held', flush=True); sys.stdin.read()"
# The command that it runs outlives it: `cat` ends when we close its stdin.
RUN = "import os; process.run(['sh', '-c', 'echo running >&2; exec cat'], os.environ)"
PROGRAM = """
import sys
from pathlib import Path
from devenv.base import locks, output, process  # output prints the notes
with locks.held(Path(sys.argv[1]), sys.argv[2]):
    {body}
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "main" / "catalog.lock"


@pytest.fixture
def start(lock: Path) -> Iterator[Start]:
    """start("dev.up") → a process that takes the lock, says so, and holds it until its stdin is closed."""
    started: list[subprocess.Popen[str]] = []

    def start(command: str, body: str = HOLD) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", PROGRAM.format(body=body), str(lock), command]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(REPO)}, text=True, **pipes))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
        for pipe in (one.stdin, one.stdout, one.stderr):
            assert pipe
            pipe.close()


def is_free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def holds(one: subprocess.Popen[str]) -> bool:
    assert one.stdout
    return one.stdout.readline() == "held\n"


def says(one: subprocess.Popen[str]) -> str:
    assert one.stderr
    return one.stderr.readline().rstrip()


def end(one: subprocess.Popen[str]) -> None:
    assert one.stdin
    one.stdin.close()
    one.wait()


def test_the_lock_is_held_and_given_back(lock: Path) -> None:
    assert not locks.is_held(lock), "which is not there yet"
    with locks.held(lock, "dev.up"):
        assert not is_free(lock)
        assert locks.is_held(lock)
        assert locks.holder(lock).startswith(f"`dev.up` (pid {os.getpid()}) since ")
        assert descriptors.inherited
    assert is_free(lock)
    assert not locks.is_held(lock)
    assert not descriptors.inherited


def test_it_is_given_back_after_an_error(lock: Path) -> None:
    with pytest.raises(KeyError), locks.held(lock, "dev.up"):
        raise KeyError
    assert is_free(lock)
    assert not descriptors.inherited


def test_the_second_waits_and_says_who_is_first(start: Start, lock: Path) -> None:
    first = start("dev.up")
    assert holds(first)
    second = start("dev.reset")
    assert says(second).startswith(f"waiting: catalog {HELD_BY} `dev.up` (pid {first.pid}) since ")
    end(first)
    assert holds(second)
    assert locks.holder(lock).startswith(f"`dev.reset` (pid {second.pid})")


def test_the_lock_of_a_killed_holder_is_taken_over(start: Start, lock: Path) -> None:
    first = start("dev.up")
    assert holds(first)
    first.kill()
    first.wait()
    second = start("dev.seed")
    assert holds(second)
    end(second)
    assert says(second) == ""  # it did not have to wait


def test_a_command_that_outlives_its_killed_starter_keeps_the_lock(start: Start, lock: Path) -> None:
    first = start("dev.up", RUN)
    assert says(first).startswith("$ sh -c ")
    assert says(first) == "running"
    second = start("dev.seed")
    assert says(second).startswith("waiting: ")
    first.kill()
    first.wait()
    assert not is_free(lock)
    end(first)  # now `cat` ends
    assert holds(second)


@pytest.mark.parametrize("folder", [False, True])
def test_a_lock_file_that_is_removed_while_one_waits_is_recreated(start: Start, lock: Path, folder: bool) -> None:
    first = start("dev.destroy")
    assert holds(first)
    second = start("dev.up")
    assert says(second).startswith("waiting: ")
    lock.unlink()  # what dev.destroy does at its end
    if folder:  # of the last service in the workspace
        lock.parent.rmdir()
    end(first)
    assert holds(second)
    assert lock.is_file()
    assert not is_free(lock)


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "5", '{"pid": 1}'])
def test_a_lock_file_that_says_nothing_is_another_command(lock: Path, text: str) -> None:
    lock.parent.mkdir()
    lock.write_text(text)
    assert locks.holder(lock) == "another command"
    with locks.held(lock, "dev.up"):
        assert locks.holder(lock).startswith("`dev.up`")


NO_LOCKS = """
#include <errno.h>
int flock(int fd, int operation) { errno = ENOLCK; return -1; }
"""


def test_a_disk_without_locks_is_refused(tmp_path: Path) -> None:
    """A home on NFS whose server has no lock service: the system call fails, as made by this library."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler here")
    (tmp_path / "locks.c").write_text(NO_LOCKS)
    library = tmp_path / "locks.so"
    run_quietly("cc", "-shared", "-fPIC", "-o", library, tmp_path / "locks.c")
    lock = tmp_path / "state/main/catalog.lock"
    program = f"""
from pathlib import Path
from devenv.base import locks
from devenv.base.errors import DevError
try:
    with locks.held(Path({str(lock)!r}), "dev.up"):
        print("held")
except DevError as error:
    print(error.code, error.message, *error.hints, sep="|")
"""
    env = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(REPO)}
    said = run_quietly(sys.executable, "-c", program, env=env).stdout.strip().split("|")
    assert said[0] == "110"
    assert said[1].startswith(f"{lock.parent}: files cannot be locked there")
    assert said[2].endswith("export XDG_STATE_HOME=FOLDER")
