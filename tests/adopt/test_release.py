"""`make release` on a small template: two commits and a tag, or nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maintain.release import UPGRADES, VERSION, main
from tools.adopt.errors import Refusal

from .conftest import commit, git

CHANGES = "# Changelog\n\n## [1.1.0] - unreleased\n\n- News.\n\n## [1.0.0] - 2026-01-01\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "template"
    for name, text in {
        VERSION: "1.0.0\n",
        "CHANGELOG.md": CHANGES,
        "releases.txt": f"# VERSION COMMIT\n1.0.0 {'a' * 40}\n1.1.0 unreleased\n",
        UPGRADES: "def test_upgrade():\n    pass\n",
        ".gitignore": "__pycache__\n.pytest_cache\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "first")
    return root


def test_a_release(root: Path) -> None:
    main("1.1.0", root)
    released = git(root, "rev-parse", "v1.1.0")
    assert git(root, "rev-parse", "HEAD~1") == released
    assert git(root, "show", f"{released}:{VERSION}") == "1.1.0"
    assert "## [1.1.0] - unreleased" not in git(root, "show", f"{released}:CHANGELOG.md")
    assert (root / "releases.txt").read_text().splitlines()[1:] == [f"1.0.0 {'a' * 40}", f"1.1.0 {released}"]
    assert git(root, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("version", "spoil", "code", "message"),
    [
        ("1.1", None, 2, "VERSION is '1.1'"),
        ("1.0.0", None, 113, "1.0.0 is not newer than the last release, 1.0.0"),
        ("2.0.0", None, 111, "CHANGELOG.md:1: has no section for 2.0.0"),
        ("1.1.0", lambda root: (root / "new").touch(), 114, "not everything is committed"),
        ("1.1.0", lambda root: git(root, "tag", "v1.1.0"), 113, "the tag v1.1.0 already exists"),
        ("1.1.0", lambda root: failing(root), 1, "an upgrade from an earlier release fails"),
        ("1.1.0", lambda root: refusing(root), 113, "git commit"),
    ],
)
def test_what_is_refused_changes_nothing(root: Path, version: str, spoil: object, code: int, message: str) -> None:
    if callable(spoil):
        spoil(root)
    before = git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")
    with pytest.raises(Refusal, match=re.escape(message)) as refused:
        main(version, root)
    assert refused.value.code == code
    assert (git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")) == before


def failing(root: Path) -> None:
    (root / UPGRADES).write_text("def test_upgrade():\n    assert False\n")
    commit(root, "an upgrade that fails")


def refusing(root: Path) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
