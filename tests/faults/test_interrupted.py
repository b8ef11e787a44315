"""Ctrl-C: 130 and one line that says so; what was begun is taken up again, and a session goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from tests.messages import TO_CONTINUE
from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Done, Repo, printed, rest
from tests.verbs.test_daily import CTRL_C, on_terminal


def interrupted(done: Done, error: str) -> bool:
    assert "Traceback" not in done.stderr
    return (done.code, done.error) == (130, f"error[130]: {error}")


def test_commands_under_test_obey_sigint() -> None:
    """Otherwise dev.up rightly goes on to its end, and the tests below say that it swallowed Ctrl-C."""
    done = subprocess.run(["sh", "-c", "kill -INT $$"], check=False)
    assert done.returncode == -signal.SIGINT


def test_commands_under_test_obey_sigint_where_pytest_runs_behind_an_ampersand(tmp_path: Path) -> None:
    """There the shell lets it ignore SIGINT. A pytest of its own, since this one may run in the foreground."""
    test = f"{__file__}::{test_commands_under_test_obey_sigint.__name__}"
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "behind"), test]
    behind = ["sh", "-c", '"$@" & wait $!', "sh", *argv]
    done = subprocess.run(behind, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_up_is_taken_up_again_at_each_command(repo: Repo) -> None:
    """Each goes on where the one before was interrupted, until one has too little left to be interrupted."""
    for turn in count():
        process = repo.start("dev.up")
        if not printed(process, turn):
            break
        os.killpg(process.pid, signal.SIGINT)
        done = rest(process)
        assert interrupted(done, "interrupted")
        assert done.hints == [TO_CONTINUE]
    assert turn >= 2
    assert rest(process).code == 0
    assert repo.steps() == []
    assert repo.fetch("/")[1].count("<li>") == 3


def test_logs_that_are_followed_show_what_comes_until_ctrl_c(running: Repo) -> None:
    running.fetch("/api/courses?before")
    process = running.start("dev.logs", "--follow", "-s", "app")
    assert any("/api/courses?before" in line for line in process.stdout)
    running.fetch("/api/courses?after")
    assert any("/api/courses?after" in line for line in process.stdout)
    os.killpg(process.pid, signal.SIGINT)
    assert interrupted(rest(process), "dev.logs was interrupted")


def test_command_that_runs(running: Repo) -> None:
    process = running.start("dev.run", "--", "sh", "-c", "echo begun; exec sleep 20")
    assert process.stdout.readline() == "begun\n"
    os.killpg(process.pid, signal.SIGINT)
    assert interrupted(rest(process), "sh was interrupted")


# What is typed first goes on for ever, once it has said "begun: 1", which the typed line itself does not say.
SHELL = "sh -c 'echo begun: $((2 - 1)); exec sleep 600'"
SQL = "DO $$BEGIN RAISE NOTICE 'begun: %', 2 - 1; PERFORM pg_sleep(600); END$$;"


@pytest.mark.parametrize(
    ("verb", "prompt", "endless", "goes_on", "code"),
    [
        ("dev.shell", "[$#]", SHELL, "echo from-$((40 + 2))\nexit 3\n", 3),
        ("dev.dbshell", "service=>", SQL, "SELECT 'from-' || (40 + 2);\n\\q\n", 0),
    ],
    ids=["shell", "dbshell"],
)
def test_session_goes_on(running: Repo, verb: str, prompt: str, endless: str, goes_on: str, code: int) -> None:
    talk = [(prompt, f"{endless}\n"), ("begun: 1", CTRL_C), (prompt, goes_on)]
    ended, screen = on_terminal(running, verb, talk=talk)
    assert ended == code
    assert "from-42" in screen
    assert "error[130]" not in screen
