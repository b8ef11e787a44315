"""The template with its past, services made at any release of it, and repositories that know nothing of it."""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import REPO, copy_work_tree, once, require_release, run_quietly
from tests.gitrepo import commit, git
from tests.verbs.fixtures import engine  # noqa: F401
from tools.adopt import __main__ as command
from tools.adopt import origin, releases
from tools.adopt import render as rendering
from tools.adopt.errors import Refusal, end
from tools.adopt.render import Files, Rendered, render
from tools.adopt.repository import Entry, find

from . import apps
from .apps import App

NEXT = "9.9.9"  # the release that is made of what is in the work tree


def copy_history(folder: Path) -> None:
    """All commits, and one more: what is in the work tree, as a release."""
    run_quietly("git", "clone", "--quiet", "--no-checkout", REPO, folder)
    git(folder, "checkout", "--quiet", "-B", "main")
    git(folder, "rm", "--quiet", "-r", "--force", ".")
    copy_work_tree(folder)
    (folder / "{{cookiecutter.repo_name}}/.dev/VERSION").write_text(f"{NEXT}\n")
    page = folder / "CHANGELOG.md"
    page.write_text(page.read_text().replace("\n## [", f"\n## [{NEXT}] - 2026-01-01\n\n- What is new.\n\n## [", 1))
    release(folder)


def release(folder: Path) -> None:
    made = commit(folder, f"Release {NEXT}")
    with (folder / "releases.txt").open("a") as page:
        page.write(f"{NEXT} {made}\n")
    commit(folder, f"releases.txt: {NEXT} is out")


@pytest.fixture(autouse=True)
def rendered_once(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit and answers make the same files in whichever clone of the template: once for all tests, not for each."""
    make = rendering._render

    def rendered(template: Path, at: str, answers: tuple[tuple[str, str], ...]) -> Rendered:
        key = hashlib.sha256(repr((at, answers)).encode()).hexdigest()[:16]
        file = once(
            shared / f"rendered-{key}", lambda path: path.write_bytes(pickle.dumps(make(template, at, answers)))
        )
        return cast(Rendered, pickle.loads(file.read_bytes()))

    monkeypatch.setattr(rendering, "_render", rendered)


@pytest.fixture(scope="session")
def history(shared: Path, nobodys_home: Path) -> Path:
    """A clone of this repository in which the work tree is release 9.9.9. Nobody changes it."""
    for known in releases.parse((REPO / "releases.txt").read_text()):
        require_release(known.version, known.commit)
    return once(shared / "history", copy_history)


@dataclass(frozen=True)
class Said:
    """What a command left."""

    code: int
    stdout: str
    stderr: str


def adopt(template: Path, *words: object) -> Said:
    """`python tools/adopt/__main__.py …` with another template; in this process: one of its own costs a second."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(command, "TEMPLATE", template)
        try:
            code = command.main([str(word) for word in words])
        except Refusal as refusal:
            with suppress(SystemExit):
                end(refusal)
            code = refusal.code
    return Said(code, out.getvalue(), err.getvalue())


def listed(report: str) -> list[str]:
    """The places that a retrofit leaves to the owner, `FILE:LINE: …`; the examples below them aside."""
    lines = report.partition("To fill in\n")[2].partition("\n\n")[0].splitlines()
    return [line.strip() for line in lines if line[2] != " "]


def write(folder: Path, files: Files) -> None:
    for name, entry in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content)
        path.chmod(0o755 if entry.mode == "100755" else 0o644)


def linked(template: Path, at: str, answers: Mapping[str, str]) -> Entry:
    """The .cruft.json of a service that was made there."""
    state = {"template": str(template), "commit": at, "checkout": None, "context": {"cookiecutter": dict(answers)}}
    return origin.written({**state, "directory": None})


Service = Callable[..., Path]


@pytest.fixture
def service(history: Path, tmp_path: Path) -> Service:
    """service("0.1.0", stack="bare") → a git repository as that release made it, with one commit."""

    def make(version: str, **answers: str) -> Path:
        at = releases.named(history, version).commit
        made = render(history, at, {"service": "catalog", **answers})
        folder = tmp_path / "catalog"
        folder.mkdir()
        write(folder, made.files)
        write(folder, {".cruft.json": linked(history, at, made.answers)})
        git(folder, "init", "--quiet", "--initial-branch=main")
        commit(folder, "first")
        return folder

    return make


def tree(repo: Path) -> Files:
    """All that is committed there."""
    found = find(repo)
    return found.files(found.listing())


Source = Callable[[App], Path]


@pytest.fixture
def source(shared: Path, tmp_path: Path) -> Source:
    """source(app) → a git repository of its files, as its owner would have it."""

    def source(app: App) -> Path:
        tree = once(shared / f"app-{app.name}", lambda folder: apps.fetch(app, folder)) / "tree"
        repo = shutil.copytree(next(tree.iterdir()), tmp_path / app.name, symlinks=True)
        git(repo, "init", "--quiet", "--initial-branch=main")
        git(repo, "add", "--all", "--force")
        commit(repo, "as it was released")
        return repo

    return source
