"""`--help` behind the name of a task of this checkout."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import REPO, run_quietly


@pytest.mark.parametrize(
    ("task", "flag"),
    [
        ("template.retrofit", "--undo"),
        ("template.update", "--to"),
        ("template.check", "--json"),
        ("contract.check", "--static"),
        ("fleet.check", "--html"),
    ],
)
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_printed_for_each_task(task: str, flag: str, word: str) -> None:
    done = run_quietly(sys.executable, "-m", "invoke", task, word, cwd=REPO)
    assert flag in done.stdout
