"""A run that ends early: what it found is kept, nothing of it is left, and the next run does the rest."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.fleet.conftest import Checkout, Make
from tests.verbs import machine

COUNT = 6


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_next_run_does_the_rest(
    checkout: Checkout, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    fleet = make("0").parent / "fleet.txt"
    fleet.write_text("\n".join(str(number) for number in range(COUNT)))
    for number in range(1, COUNT):
        make(str(number))
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setenv("TMPDIR", str(runs))
    flags = ("--jobs", "1", "--state", str(tmp_path / "state"))

    argv = checkout.argv(fleet, *flags)
    with subprocess.Popen(
        argv, cwd=checkout.folder, env=checkout.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        assert first.stderr
        assert next(line for line in first.stderr if line.startswith(f"2/{COUNT} "))
        first.send_signal(how)
        rest = first.stderr.read()
    if how is not signal.SIGKILL:
        assert first.returncode == 130
        assert rest.endswith("interrupted: run the same command again to continue\n")
        assert not list(runs.iterdir())
        assert not machine.processes_below(runs)

    second = checkout.check(fleet, *flags)
    assert second.code == 0, second.err
    known = second.err.count("known from before")
    assert 2 <= known < COUNT
    assert second.err.count("\n") == COUNT
