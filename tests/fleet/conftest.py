"""A checkout of the template with two releases, and repositories that were made from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import commit, git

DAYS = 40  # since the second release


@dataclass(frozen=True)
class Checked:
    """What a run said."""

    code: int
    out: str
    err: str

    @property
    def repos(self) -> dict[str, dict[str, Any]]:
        return {repo["repo"]: repo for repo in json.loads(self.out)["repos"]}


@dataclass(frozen=True)
class Checkout:
    """The template at a commit after its second release, and a run of the command in it."""

    folder: Path
    releases: dict[str, str] = field(default_factory=dict)

    def argv(self, source: Path, *flags: str) -> list[str]:
        return [sys.executable, "tools/fleet/__main__.py", str(source), *flags]

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.folder)}

    def check(self, source: Path, *flags: str) -> Checked:
        argv = self.argv(source, *flags)
        done = subprocess.run(argv, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        return Checked(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def checkout(template: Path, tmp_path: Path) -> Checkout:
    folder = shutil.copytree(template, tmp_path / "checkout", symlinks=True)
    released = datetime.now(timezone.utc) - timedelta(days=DAYS)
    first = git(folder, "rev-parse", "HEAD")
    image = folder / "templates/python/Dockerfile"
    image.write_text(image.read_text().replace("# base → deps", "# What is new.\n# base → deps", 1))
    second = commit(folder, "0.2.0", GIT_COMMITTER_DATE=released.isoformat())
    (folder / "releases.txt").write_text(f"# releases\n0.1.0 {first}\n0.2.0 {second}\n0.3.0 unreleased\n")
    return Checkout(folder, {"0.1.0": first, "0.2.0": second, "later": commit(folder, "after the release")})


Make = Callable[..., Path]


@pytest.fixture
def make(generate: Callable[[Path, dict[str, str]], Path], template: Path, checkout: Checkout, tmp_path: Path) -> Make:
    """make("lms", edits={"compose.yaml": (OLD, NEW)}, at="0.1.0") → a repository with one commit, in `repos`."""

    def make(name: str, edits: dict[str, tuple[str, str]] | None = None, at: str = "later") -> Path:
        repo = shutil.copytree(generate(template, {"stack": "django"}), tmp_path / "repos" / name, symlinks=True)
        linked = repo / ".cruft.json"
        known = json.loads(linked.read_text())
        linked.write_text(json.dumps({**known, "commit": checkout.releases.get(at, at)}, indent=2))
        for file, (old, new) in (edits or {}).items():
            text = (repo / file).read_text()
            assert old in text
            (repo / file).write_text(text.replace(old, new, 1))
        git(repo, "init", "--quiet", "--initial-branch=main")
        commit(repo, "first")
        return repo

    return make


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder, that of git too, with its time and content."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}
