"""Code of an owner who is new on this machine runs only after somebody agreed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.base import launch
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.model import document, requirements
from devenv.required import mirrors, trust
from tests.messages import IS_NEW


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    monkeypatch.setattr(launch, "ROOT", made)
    monkeypatch.setattr(trust, "everyone", False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return made


@pytest.mark.parametrize(
    ("repo", "owner"),
    [
        ("https://github.com/org/lms.git", "github.com/org"),
        ("https://user:secret@GitHub.com/org/lms", "github.com/org"),
        ("https://git.example.org:8443/group/sub/lms", "git.example.org:8443/group"),
        ("https://git.example.org/lms", "git.example.org"),
        ("ssh://git@git.example.org/team/lms", "git.example.org/team"),
        ("git@github.com:org/lms.git", "github.com/org"),
        ("gh:org/devenv-template", "github.com/org"),
        ("host:lms", "host"),
        ("../lms", ""),
        ("/src/lms", ""),
        ("~/lms", ""),
        ("file:///src/lms", ""),
    ],
)
def test_the_owner_of_an_address(repo: str, owner: str) -> None:
    assert trust.owner(repo) == owner


def test_without_a_terminal_a_new_owner_is_refused_with_the_line_that_allows_it(root: Path) -> None:
    with pytest.raises(DevError) as caught:
        trust.check("https://github.com/new/lms", "the required repository")
    assert caught.value.code == MISSING
    assert f"github.com/new {IS_NEW}" in caught.value.message
    subprocess.run(["sh", "-c", caught.value.hints[0].partition(": ")[2]], check=True)
    trust.check("https://github.com/new/notes", "the required repository")
    with pytest.raises(DevError):
        trust.check("https://github.com/newer/notes", "the required repository")


def test_a_terminal_is_asked_once_for_each_owner(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\ny\n"))
    with pytest.raises(DevError, match="is not allowed to run code") as caught:
        trust.check("https://github.com/new/lms", "the required repository")
    assert caught.value.code == MISSING
    trust.check("https://github.com/new/lms", "the required repository")
    trust.check("https://github.com/new/notes", "the required repository")  # the answers are used up
    assert trust.file().read_text() == "github.com/new\n"
    assert trust.file().stat().st_mode & 0o077 == 0


def test_the_owners_of_this_repository_and_its_template_are_known(root: Path) -> None:
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "remote", "add", "origin", "git@github.com:ours/shop.git"], check=True)
    (root / ".cruft.json").write_text(json.dumps({"template": "https://git.example.org/platform/devenv-template"}))
    trust.check("https://github.com/ours/lms", "the required repository")
    trust.check("https://git.example.org/platform/x", "the template")
    with pytest.raises(DevError):
        trust.check("https://git.example.org/other/x", "the template")


@pytest.mark.parametrize("cruft", ["", "[]", "{}", '{"template": 5}', "[" * 100_000])
def test_a_broken_answer_file_names_no_template(cruft: str) -> None:
    assert trust.template(cruft) == ""


def test_yes_allows_all_for_one_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "everyone", True)
    trust.check("https://github.com/new/lms", "the required repository")
    assert not trust.file().exists()


def test_nothing_is_fetched_before(root: Path) -> None:
    with pytest.raises(DevError, match=IS_NEW):
        mirrors.of("https://git.invalid/new/lms", root).commit("v1.0.0")


def test_the_template_of_a_required_repository_is_checked_too(root: Path) -> None:
    lms = root.parent / "lms"
    run = ["git", "-C", lms, "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "main", lms], check=True)
    (lms / "dev.yaml").write_text('contract: "1.0"\nservice: lms\n')
    (lms / ".cruft.json").write_text(json.dumps({"template": "gh:new/devenv-template"}))
    subprocess.run([*run, "add", "-A"], check=True)
    subprocess.run([*run, "commit", "-q", "-m", "x"], check=True)
    mirror = mirrors.of("../lms", root)
    with pytest.raises(DevError, match=rf"github\.com/new {IS_NEW}"):
        mirror.checkout(mirror.commit("main"))


@pytest.mark.parametrize(
    "repo", ["https://token@github.com/x/y", "https://u:p@github.com/x/y", "ssh://git:p@github.com/x/y"]
)
def test_an_address_with_a_password_is_refused_and_not_shown(repo: str) -> None:
    text = f'contract: "1.0"\nservice: shop\nrequires:\n  lms: {{repo: "{repo}", version: v1}}\n'
    with pytest.raises(DevError) as caught:
        requirements.of(document.parse(Path("dev.yaml"), text))
    assert caught.value.code == CONFIG
    assert caught.value.message.startswith("dev.yaml:4: requires.lms.repo: it holds a password or a token")
    assert repo not in str(caught.value)


def test_an_account_is_not_a_password() -> None:
    text = 'contract: "1.0"\nservice: shop\nrequires:\n  lms: {repo: "ssh://git@github.com/x/y", version: v1}\n'
    assert requirements.of(document.parse(Path("dev.yaml"), text))["lms"].ask.repo == "ssh://git@github.com/x/y"
