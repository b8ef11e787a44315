"""A run that ends early: what it found is kept, nothing of it is left, and the next run does the rest."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.fleet.conftest import Checkout, Make
from tests.messages import KNOWN_FROM_BEFORE
from tests.verbs import machine

COUNT = 6
# git, but it waits for as long as HOLD exists when it is to read the repository HELD.
GIT = """#!/bin/sh
case " $* " in *" {held} "*) while test -e {hold}; do sleep 0.05; done ;; esac
exec {git} "$@"
"""


def waiting_git(folder: Path, held: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let git wait at a repository, so that a run cannot end before it is interrupted. Remove the file to go on."""
    hold, real = folder / "hold", shutil.which("git")
    hold.touch()
    programs = folder / "bin"
    programs.mkdir()
    wrapper = programs / "git"
    wrapper.write_text(GIT.format(held=held, hold=hold, git=real))
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return hold


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
    hold = waiting_git(tmp_path, fleet.parent / "2", monkeypatch)
    flags = ("--jobs", "1", "--state", str(tmp_path / "state"))

    argv = checkout.argv(fleet, *flags)
    with subprocess.Popen(
        argv, cwd=checkout.folder, env=checkout.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        assert first.stderr
        assert next(line for line in first.stderr if line.startswith(f"2/{COUNT} "))
        first.send_signal(how)
        rest = first.stderr.read()
    hold.unlink()
    if how is not signal.SIGKILL:
        assert first.returncode == 130
        assert rest.endswith("interrupted: run the same command again to continue\n")
        assert not list(runs.iterdir())
        assert not machine.processes_below(runs)

    second = checkout.check(fleet, *flags)
    assert second.code == 0, second.err
    known = second.err.count(KNOWN_FROM_BEFORE)
    assert 2 <= known < COUNT
    assert second.err.count("\n") == COUNT
