"""The one place that starts a process, with real ones."""

from __future__ import annotations

import os

import pytest

from devenv.base import process


def test_a_command_that_takes_too_long_is_ended(capfd: pytest.CaptureFixture[str]) -> None:
    argv = ["sh", "-c", "echo pid $$; exec tail -f /dev/null"]
    assert process.run(argv, os.environ, limit=0.5) == process.TIMED_OUT
    said = capfd.readouterr().err
    assert "exit 124 after " in said
    [pid] = [int(line.split()[1]) for line in said.splitlines() if line.startswith("pid ")]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_ends_in_time_keeps_its_exit_code() -> None:
    assert process.run(["sh", "-c", "exit 7"], os.environ, limit=60) == 7
