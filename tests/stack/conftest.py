"""Service repositories as real git repositories with tags, in a folder of the test's own. No engine is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devenv.model import config
from tests.gitrepo import commit, git

PORT = 18200
COUNTED: dict[str, int] = {}


def dev_yaml(name: str, requires: Mapping[str, str], override: Mapping[str, str]) -> str:
    """`requires` by name: a version, or a version and a repository with a space between them."""
    port = PORT + COUNTED.setdefault(name, len(COUNTED))
    lines = ['contract: "1.0"', f"service: {name}", "app: app", f"port: {port}"]
    lines += ["requires:"] if requires else []
    for other, wanted in requires.items():
        version, _, repo = wanted.partition(" ")
        lines += [f"  {other}:", f"    repo: {repo or f'../{other}'}", f"    version: {version}  # tested"]
    lines += [f"override: {{{', '.join(f'{key}: {value}' for key, value in override.items())}}}"] if override else []
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Repo:
    """One service's repository."""

    root: Path

    @property
    def config(self) -> config.Config:
        return config.load(self.root)

    def write(self, override: Mapping[str, str] | None = None, **requires: str) -> Repo:
        (self.root / "dev.yaml").write_text(dev_yaml(self.root.name, requires, override or {}))
        return self

    def commit(self) -> str:
        return commit(self.root, "another state")

    def release(self, tag: str, **requires: str) -> str:
        """Commit these requirements under a tag; an old one is moved. Returns the commit."""
        self.write(**requires)
        commit = self.commit()
        git(self.root, "tag", "--force", tag)
        return commit


@pytest.fixture(autouse=True)
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State and caches of this test alone."""
    for kind in ("STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "machine" / kind.lower()))
    return tmp_path / "machine"


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[[str], Repo]:
    """make_repo("lms") → an empty repository; all of them lie beside each other."""

    def make(name: str) -> Repo:
        root = tmp_path / "src" / name
        root.mkdir(parents=True)
        git(root, "init", "-q", "-b", "main")
        return Repo(root).write()

    return make


@pytest.fixture
def hidden() -> Callable[[Repo], None]:
    """hidden(repo): from now on nobody can reach it, like a host without a network."""

    def hide(repo: Repo) -> None:
        os.rename(repo.root, repo.root.with_name(f"{repo.root.name}.away"))

    return hide
