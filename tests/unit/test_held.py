"""The container that waits for the first steps, as a process of this machine."""

from __future__ import annotations

import os
import subprocess
import threading

from devenv.base import descriptors
from devenv.engines.held import WAITING, Held


def test_what_another_thread_is_about_to_start_can_start() -> None:
    """While the app starts, a dump is written: its command may be prepared before the container ends, and run after."""
    free = os.pipe()  # two low numbers, which the next command takes for itself
    done = threading.Event()
    another = threading.Thread(target=done.wait)
    another.start()
    held = Held([WAITING], "steps", dict(os.environ))
    held.begin()
    assert held.inside(["true"])
    prepared = {*descriptors.inherited}
    held.release()
    for number in free:
        os.close(number)
    try:
        assert subprocess.run(["true"], pass_fds=prepared, check=False).returncode == 0
        held.end()  # it has ended, although that number is in use
    finally:
        done.set()
        another.join()
    assert not descriptors.inherited & prepared
