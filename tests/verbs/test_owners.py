"""Two owners on one engine: what one of them runs is never the other's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import another_port
from tests.verbs.fixtures import COMPOSE
from tests.verbs.repo import Repo

HAND = "INSERT INTO courses_course (code, title) VALUES ('hand', 'Made by hand')"
COUNT = "SELECT count(*) FROM courses_course"


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_another_state_folder(up_repo: Repo, tmp_path: Path, shared: Path) -> None:
    """As another user or a CI job has one: same service, same workspace, same engine."""
    up_repo.rows(HAND)
    env = {**up_repo.env, "XDG_STATE_HOME": str(tmp_path / "state"), "DEV_PORT": str(another_port(shared))}
    env["DEV_NETWORK"] += "-other"
    path = shutil.copytree(up_repo.path, tmp_path / "other", symlinks=True)
    other = replace(up_repo, path=path, env=env)
    other.ok("dev.up")
    assert (up_repo.rows(COUNT), other.rows(COUNT)) == (["4"], ["3"])
    other.ok("dev.destroy", "--yes")
    assert up_repo.status()["healthy"]
    assert up_repo.rows(COUNT) == ["4"]
