"""Settings of one person in one checkout: `.dev/local/env` and `.dev/local/compose.override.yaml`, on both engines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitrepo import git
from tests.verbs.repo import Repo

OVERRIDE = """\
services:
  app:
    environment:
      COLOUR: "blue-${GREETING}"
      GREETING: the variable of the person wins
"""


@pytest.fixture
def local(running: Repo) -> Iterator[Path]:
    """The folder of these files, in the shared service, which has none of them afterwards."""
    folder = running.path / ".dev/local"
    git(running.path, "init", "-q")
    yield folder
    for name in ("env", "compose.override.yaml"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(running.path / ".git")
    running.ok("dev.up")


def variable(repo: Repo, name: str) -> str:
    return repo.run("dev.run", "--", "printenv", name).stdout.strip()


def test_personal_settings_reach_the_app_and_no_commit(running: Repo, local: Path) -> None:
    names = ("GREETING", "COLOUR", "SECRET_KEY", "PORT")
    before = {name: variable(running, name) for name in names}
    git(running.path, "add", "-A")
    files = git(running.path, "status", "--porcelain")
    (local / "env").write_text("GREETING='costs $5'\nSECRET_KEY=mine\nPORT=1\n")
    (local / "compose.override.yaml").write_text(OVERRIDE)
    running.ok("dev.up")
    mine = {"GREETING": "costs $5", "COLOUR": "blue-costs $5", "SECRET_KEY": "mine"}
    assert {name: variable(running, name) for name in names} == {**mine, "PORT": before["PORT"]}
    assert running.status()["personal"] == [".dev/local/env", ".dev/local/compose.override.yaml"]
    assert "personal settings: .dev/local/env, .dev/local/compose.override.yaml" in running.ok("dev.status").stdout
    git(running.path, "add", "-A")
    assert git(running.path, "status", "--porcelain") == files

    (local / "env").unlink()
    (local / "compose.override.yaml").unlink()
    running.ok("dev.up")
    assert {name: variable(running, name) for name in names} == before
    assert running.status()["personal"] == []


def test_a_wrong_line_is_named(running: Repo, local: Path) -> None:
    (local / "env").write_text("GREETING=hi\nnot a variable\n")
    assert "env:2: not a comment, and not NAME=VALUE" in running.fails(111, "dev.up").error
    (local / "env").unlink()
    (local / "compose.override.yaml").write_text("services:\n  app:\n    ports: 7\n")
    assert "compose.override.yaml:3: " in running.fails(111, "dev.up").error
