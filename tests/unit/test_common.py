"""What the verbs say at their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.base import launch
from devenv.tasks import common
from tests.gitrepo import commit, git


def test_git_is_named_only_for_a_file_that_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new service is written before `git init`, and a new dev.lock before its first commit."""
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    (tmp_path / "dev.lock").write_text("{}\n")
    assert common.shown("dev.lock") == ""
    git(tmp_path, "init", "--quiet")
    assert common.shown("dev.lock") == ""
    commit(tmp_path)
    assert common.shown("dev.lock") == "; to see what changed: git diff dev.lock"
