"""What git is told, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitrepo import commit, git
from tools.fleet import sources
from tools.fleet.listing import Repo, parse

URL = "https://ci:t0ken@git.example.org/shop"


def made(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "name").write_text(folder.name)
    commit(folder)
    return folder


@pytest.fixture
def shop(tmp_path: Path, nobodys_home: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository that a URL with a password in it leads to."""
    folder = made(tmp_path / "shop")
    for name, value in {"COUNT": "1", "KEY_0": f"url.file://{folder}.insteadOf", "VALUE_0": URL}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    return parse(URL, tmp_path)[0]


def test_a_password_is_in_no_file_of_the_cache(shop: Repo, tmp_path: Path) -> None:
    head = sources.head(shop)
    folder = sources.copy(shop, head, tmp_path / "scratch", tmp_path / "cache")
    assert (folder / "name").read_text() == "shop"
    assert (sources.commit_of(folder), git(folder, "remote")) == (head.commit, "")
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if b"t0ken" in path.read_bytes()]


def test_what_a_url_led_to_before_is_removed(shop: Repo, tmp_path: Path) -> None:
    for _ in range(2):
        folder = sources.copy(shop, sources.head(shop), tmp_path / "scratch", tmp_path / "cache")
        assert [path.name for path in folder.parent.iterdir()] == [sources.head(shop).commit]
        commit(tmp_path / "shop")


@pytest.mark.parametrize("damaged", ["name", ".git/HEAD", ".git/index", ".git/devenv-status"])
@pytest.mark.parametrize("content", [None, "", "torn"])
def test_a_damaged_clone_is_made_again(shop: Repo, tmp_path: Path, damaged: str, content: str | None) -> None:
    def copy() -> Path:
        return sources.copy(shop, sources.head(shop), tmp_path / "scratch", tmp_path / "cache")

    folder = copy()
    (folder / "of-a-run").touch()
    assert (copy() / "of-a-run").exists(), "one that is whole is used again"
    before = (folder / damaged).read_bytes()
    (folder / damaged).unlink()
    if content is not None:
        (folder / damaged).write_text(content)
    assert (copy() / "name").read_text() == "shop"
    assert (folder / damaged).exists()
    assert (folder / damaged).read_bytes() == before or damaged == ".git/index"


def test_inside_a_hook_of_another_repository(
    nobodys_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = made(tmp_path / "mine"), made(tmp_path / "other")
    right = git(mine, "rev-parse", "HEAD")
    for name, place in {"DIR": ".git", "INDEX_FILE": ".git/index", "SHALLOW_FILE": "x", "NAMESPACE": "x"}.items():
        monkeypatch.setenv(f"GIT_{name}", str(other / place))
    assert sources.head(Repo("mine", str(mine), False)).commit == right
