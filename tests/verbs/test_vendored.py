"""Tools in the repository: every verb works without the template, and the undo leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.base import vendored
from tests.gitrepo import commit, git
from tests.messages import NOTHING_TO_DO
from tests.verbs.repo import Repo

GONE = "/nonexistent/template"


@pytest.fixture
def isolated(built_repo: Repo) -> Iterator[Repo]:
    """A repository with its own tools, whose template cannot be reached any more."""
    repo = replace(built_repo, env={**built_repo.env})
    git(repo.path, "init", "--quiet", "--initial-branch=main")
    commit(repo.path, "first")
    repo.ok("template.vendor")
    pin = repo.path / ".cruft.json"
    pin.write_text(json.dumps({**json.loads(pin.read_text()), "template": GONE}, indent=2) + "\n")
    commit(repo.path, "tools of our own")
    yield repo
    assert git(repo.path, "status", "--porcelain") == "", "verbs leave the committed tools alone"


def test_every_verb_works_without_the_template(isolated: Repo) -> None:
    url = isolated.ok("dev.up").stdout.strip()
    assert isolated.fetch("/health")[0] == 200
    assert url in isolated.ok("dev.status").stdout
    assert NOTHING_TO_DO in isolated.ok("dev.plan").stdout
    doctor = isolated.ok("dev.doctor").stdout
    assert f"the tools in {isolated.path}/.dev/tools are complete" in doctor
    assert "the launcher and the tools are of one commit" in doctor
    isolated.ok("dev.migrate")
    isolated.ok("dev.seed")
    isolated.ok("dev.snapshot", "before")
    isolated.ok("dev.reset")
    isolated.ok("dev.restore", "before")
    assert "before" in isolated.ok("dev.state", "list").stdout
    assert isolated.ok("dev.run", "--", "echo", "ran").stdout == "ran\n"
    assert "1 passed" in isolated.ok("dev.test", "--", "-q", "-k", "debug_is_off").stdout
    assert isolated.ok("dev.logs", "-s", "db", "--tail", "1").stdout.count("\n") == 1
    assert json.loads(isolated.ok("contract.check", "--static", "--json").stdout)["kept"] is True
    isolated.ok("dev.down")


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_a_changed_file_is_reported(isolated: Repo) -> None:
    page = isolated.path / ".dev/tools/devenv/main.py"
    page.write_text(page.read_text() + "# changed here\n")
    said = isolated.fails(1, "dev.doctor")
    assert "devenv/main.py was changed" in said.stdout
    assert "TPL-3" in isolated.fails(1, "contract.check", "--static", "--only", "TPL-3").stdout
    isolated.fails(114, "template.vendor", "--undo")
    git(isolated.path, "checkout", "--quiet", "--", ".dev/tools")


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_undo_leaves_no_trace(repo: Repo) -> None:
    git(repo.path, "init", "--quiet", "--initial-branch=main")
    first = commit(repo.path, "first")
    repo.ok("template.vendor")
    commit(repo.path, "tools of our own")
    repo.ok("template.vendor", "--undo")
    commit(repo.path, "and back")
    assert git(repo.path, "diff", "--stat", first) == ""
    assert "nothing to remove" in repo.ok("template.vendor", "--undo").stderr


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_what_git_sums_say_of_them(repo: Repo, template: Path) -> None:
    """Byte for byte what the template has at that commit."""
    repo.ok("template.vendor")
    folder = repo.path / ".dev/tools"
    at = (folder / "COMMIT").read_text().strip()
    assert at == json.loads((repo.path / ".cruft.json").read_text())["commit"]
    listed = git(template, "ls-tree", "-r", "--name-only", at, *vendored.PARTS).splitlines()
    for name in listed:
        assert git(template, "hash-object", str(folder / name)) == git(template, "rev-parse", f"{at}:{name}")
    here = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert here - {*listed} == {"COMMIT", "MANIFEST", ".gitattributes"}
