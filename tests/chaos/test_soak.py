"""Cycles of use, after which everything is counted: `make soak` with few of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import REPO

ENGINES = ["native", pytest.param("compose", marks=pytest.mark.engine)]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_weeks_of_use_leave_nothing_behind(engine: str) -> None:
    argv = [sys.executable, "-m", "maintain.soak", "--cycles", "6", "--engine", engine]
    done = subprocess.run(argv, cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
