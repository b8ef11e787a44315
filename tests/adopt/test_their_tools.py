"""What a service carries does not fail the checks of its owner's tools."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO
from tools.adopt.repository import Entry
from tools.adopt.wiring import tasks

CARRIED = REPO / "{{cookiecutter.repo_name}}"
# Of other tools, which are not installed here, only their marks can be looked at.
MARKS = ("# flake8: noqa", "# isort: skip_file", "# mypy: ignore-errors", "# pylint: skip-file", "# fmt: off")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """The files that a service gets, under the strictest settings that still allow a file to be left out."""
    shutil.copytree(CARRIED / ".dev", tmp_path / ".dev")
    shutil.copy(CARRIED / "tasks.py", tmp_path)
    text = '[tool.ruff]\nline-length = 60\n[tool.ruff.lint]\nselect = ["ALL"]\nignore = ["PGH004", "CPY001"]\n'
    text += "[tool.ruff.format]\nquote-style = 'single'\n[tool.mypy]\nstrict = true\n"
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "app.py").write_text('"""Ours."""\n')
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        ("mypy", "--cache-dir=/dev/null", "tasks.py", ".dev/fetch.py"),
        ("pytest", "--collect-only", "-p", "no:cacheprovider"),
    ],
    ids=" ".join,
)
def test_their_check_is_as_it_was(repo: Path, command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == (5 if command[0] == "pytest" else 0), done.stdout + done.stderr


@pytest.mark.parametrize("name", ["tasks.py", ".dev/fetch.py"])
def test_every_program_has_the_marks_of_the_others(name: str) -> None:
    lines = (CARRIED / name).read_text().splitlines()[:12]
    assert [mark for mark in MARKS if mark not in lines] == []


def test_no_other_program_is_carried_without_them() -> None:
    assert {path.relative_to(CARRIED).as_posix() for path in CARRIED.glob(".dev/**/*.py")} == {".dev/fetch.py"}


def test_the_line_in_their_tasks_is_as_they_want_it(tmp_path: Path) -> None:
    theirs = b"import os\n\nfrom invoke import task\n\n\n@task\ndef build(c):\n    os.getcwd()\n"
    for flags in (["check", "--select", "E,F,I,W,RUF100,UP"], ["format", "--check"]):
        made = tasks("tasks.py", Entry("100644", theirs))
        assert isinstance(made, Entry)
        (tmp_path / "tasks.py").write_bytes(made.content)
        command = [sys.executable, "-m", "ruff", *flags, "--isolated", "--no-cache", "tasks.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
