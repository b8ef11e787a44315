"""Git, as tests use it to make repositories."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import run_quietly


def git(repo: Path, *words: str, **env: str) -> str:
    """What it prints. `env`: more variables, such as GIT_COMMITTER_DATE."""
    return run_quietly("git", "-C", repo, *words, env={**os.environ, **env}).stdout.strip()


def commit(repo: Path, message: str = "change", **env: str) -> str:
    """All that is there, as a commit; its id."""
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", message, **env)
    return git(repo, "rev-parse", "HEAD")
