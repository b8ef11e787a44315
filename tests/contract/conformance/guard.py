"""Removes what a run leaves if it is killed: nothing that is killed can clean up after itself.

A small process waits for the end of the run on a pipe. It has no path of the run in its arguments or its environment,
so it does not count as a process of the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DONE = "done"


@contextmanager
def guarded(root: Path, token: str) -> Iterator[None]:
    """During the block, everything below `root`, or with `token` in its name, is removed if this process is killed."""
    program = [sys.executable, "-I", __file__]
    quiet = subprocess.DEVNULL
    kept = {name: value for name, value in os.environ.items() if name.startswith(("DOCKER_", "HOME", "PATH"))}
    watch = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/", env=kept, start_new_session=True, text=True
    )
    assert watch.stdin
    try:
        watch.stdin.write(f"{root}\n{token}\n")
        watch.stdin.flush()
        yield
    finally:
        watch.stdin.write(f"{DONE}\n")
        watch.stdin.close()
        watch.wait()


def wait(root: str, token: str) -> None:
    """Wait for the end of the run, and remove what it left if it did not come to its end."""
    if not root or sys.stdin.readline().strip() == DONE:
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from conformance.machine import Machine, has_docker

    for checkout in sorted(Path(root).glob("repo/*")) or [Path(root)]:
        machine = Machine(Path(root), checkout, token or root, has_docker(dict(os.environ)))
        machine.note_projects()
        machine.sweep()
    shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    wait(sys.stdin.readline().strip(), sys.stdin.readline().strip())
