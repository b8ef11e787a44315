"""A checkout that is gone cannot object: another one takes over, with the data."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.gitrepo import commit, git
from tests.messages import ALREADY_RUNS, KEEP_DATA
from tests.verbs.fixtures import ENGINES
from tests.verbs.repo import Repo

HAND = "INSERT INTO courses_course (code, title) VALUES ('hand', 'Made by hand')"
COUNT = "SELECT count(*) FROM courses_course"

pytestmark = pytest.mark.parametrize("engine", ENGINES, indirect=True)


@pytest.fixture
def entered(up_repo: Repo) -> Repo:
    up_repo.rows(HAND)
    return up_repo


def test_a_moved_checkout_takes_over_with_its_data(entered: Repo, tmp_path: Path) -> None:
    moved = replace(entered, path=entered.path.rename(tmp_path / "moved"))
    done = moved.ok("dev.up")
    assert f"{entered.path} is gone" in done.stderr
    assert moved.rows(COUNT) == ["4"]
    assert moved.fetch("/health")[0] == 200
    assert moved.steps() == []
    moved.path.rename(entered.path)
    entered.ok("dev.up")
    assert entered.rows(COUNT) == ["4"]
    # What runs under the name that dev.yaml had before is stopped, and its data stays.
    other = f"service: {entered.token}x"
    entered.edit("dev.yaml", f"service: {entered.token}", other)
    assert entered.status()["requires"] == []
    for verb in (["dev.down"], ["dev.destroy", "--yes"]):
        entered.ok(*verb)
    entered.edit("dev.yaml", other, f"service: {entered.token}")
    assert not any(service["healthy"] for service in entered.status()["services"])
    entered.ok("dev.up")
    assert entered.rows(COUNT) == ["4"]


def test_after_a_move_it_can_be_stopped_and_removed(entered: Repo, tmp_path: Path) -> None:
    moved = replace(entered, path=entered.path.rename(tmp_path / "moved"))
    moved.ok("dev.down")
    assert not any(service["healthy"] for service in moved.status()["services"])
    fix = next(f["fix"] for f in moved.run("dev.doctor", "--json").json() if f["code"] == "D22")
    assert fix.startswith(KEEP_DATA)
    moved.ok("dev.destroy", "--yes")
    moved.path.rename(entered.path)


def test_another_clone_takes_over_from_a_removed_one(entered: Repo, tmp_path: Path) -> None:
    clone = replace(entered, path=shutil.copytree(entered.path, tmp_path / "clone", symlinks=True))
    assert f"{ALREADY_RUNS} main" in clone.fails(113, "dev.up").error
    kept = entered.path.rename(tmp_path / "away")
    clone.ok("dev.up")
    assert clone.rows(COUNT) == ["4"]
    clone.ok("dev.destroy", "--yes")
    kept.rename(entered.path)


def test_in_a_hook_of_another_repository_the_branch_is_that_of_the_service(entered: Repo, tmp_path: Path) -> None:
    """git tells hooks which repository it means, also those of a linked worktree, where `make` is about a service."""
    for path in (entered.path, tmp_path / "other"):
        git(path.parent, "init", "--quiet", "--initial-branch=trunk", str(path))
        commit(path, "first")
    git(tmp_path / "other", "worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
    hook = tmp_path / "other/.git/hooks/pre-commit"
    hook.write_text(
        f'#!/bin/sh\nset -e\n[ -n "$GIT_DIR" ]\n{shlex.quote(str(entered.path / ".dev/run"))} dev.snapshot kept\n'
    )
    hook.chmod(0o755)
    commit(tmp_path / "linked", "second", **entered.env)
    [kept] = [state for state in entered.ok("dev.state", "list", "--json").json() if state["name"] == "kept"]
    assert kept["branch"] == "trunk"
