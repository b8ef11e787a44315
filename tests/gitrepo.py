"""Git, as tests use it to make repositories."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.conftest import run_quietly


def git(repo: Path, *words: str, **env: str) -> str:
    """What it prints. `env`: more variables, such as GIT_COMMITTER_DATE."""
    return run_quietly("git", "-C", repo, *words, env={**os.environ, **env}).stdout.strip()


def repin(repo: Path, template: Path, made: str) -> None:
    """Let a service name a template and a commit of it, as a merge of an update does."""
    page = repo / ".cruft.json"
    page.write_text(json.dumps({**json.loads(page.read_text()), "template": str(template), "commit": made}, indent=2))


def replace_text(path: Path, old: str, new: str) -> None:
    """Edit a file. The text that is replaced has to be there."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new))


def commit(repo: Path, message: str = "change", **env: str) -> str:
    """All that is there, as a commit; its id."""
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", message, **env)
    return git(repo, "rev-parse", "HEAD")
