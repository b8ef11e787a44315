"""docs/adopt.md and docs/update.md, typed line by line: what the pages promise is what happens."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BIN, REPO
from tests.terminal import Terminal, blocks, typed
from tests.verbs.repo import get

from .conftest import NEXT, Service, commit, git
from .test_retrofit import FLASK
from .test_update import out

ADOPT = blocks((REPO / "docs/adopt.md").read_text())
UPDATE = blocks((REPO / "docs/update.md").read_text().replace("0.3.0", "10.0.0"))
HOST = "https://git.example.org/"
CODES = {"inv template.check": 1}  # the page says so: a newer release is out


@pytest.fixture
def template(history: Path, tmp_path: Path) -> Path:
    """On a host that only git can see."""
    return shutil.copytree(history, tmp_path / "git.example.org/devenv-template", symlinks=True)


@pytest.fixture
def terminal(template: Path, tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "gitconfig").write_text(f'[url "file://{tmp_path}/git.example.org/"]\n\tinsteadOf = {HOST}\n')
    (tmp_path / "work").mkdir()
    env = {"DEV_ENGINE": "native", "DEV_WORKSPACE": f"t{uuid.uuid4().hex[:8]}"}
    env |= {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "EDITOR": str(tmp_path / "editor")}
    terminal = Terminal(tmp_path, env, tmp_path / "work")
    yield terminal
    for repo in sorted((tmp_path / "work").glob("*/dev.yaml"), reverse=True):  # `quiet` first, which ran
        terminal.cwd = repo.parent
        terminal.type("inv dev.destroy --yes")


def edits(terminal: Terminal, script: str) -> None:
    """What the person does in the editor, with the files that were named."""
    editor = terminal.home / "editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)


def type_all(terminal: Terminal, block: list[str]) -> str:
    """What the last line printed."""
    printed = ""
    for line in typed(block):
        printed = terminal.type(line, CODES.get(line.split("#")[0].strip(), 0))
    return printed


def test_adopt(terminal: Terminal, tmp_path: Path) -> None:
    """A Flask application becomes a service; one thing is filled in."""
    shop = tmp_path / "work/shop"
    shop.mkdir()
    for name, text in FLASK.items():
        (shop / name).write_text(str(text))
    git(shop, "init", "--quiet", "--initial-branch=main")
    commit(shop, "ours")
    retrofit, fill_in, merge = ADOPT
    clone, cd, command, *look = typed(retrofit)
    for line in (clone, cd):
        terminal.type(line)
    (terminal.cwd / ".venv").symlink_to(BIN.parent)  # `make venv` finds it made
    said = terminal.type(command)
    assert "dev.yaml:10: the service's own commands" in said
    assert "12 kept" in said
    for line in look:
        terminal.type(line)
    grep, edit, *rest = typed(fill_in)
    assert terminal.type(grep).count("FILL IN") == 1
    edits(
        terminal, r"""sed -i 's/^# FILL IN.*$//; s/^# commands: .*/commands: {test: python -c "import app"}/' "$1" """
    )
    terminal.type(edit)
    commit_line, up, check = rest
    terminal.type(commit_line)
    assert get(terminal.type(up).strip(), "/health") == (200, "ok")
    assert "kept" in terminal.type(check)
    type_all(terminal, merge)
    assert git(shop, "branch", "--show-current") == "main"
    assert (shop / ".dev/run").exists()


@pytest.mark.slow
def test_update(terminal: Terminal, template: Path, service: Service, tmp_path: Path) -> None:
    """One service takes the release; one, which edited the same line of its Dockerfile, has a conflict first."""
    made = service(NEXT, stack="django")
    state = json.loads((made / ".cruft.json").read_text())
    (made / ".cruft.json").write_text(json.dumps({**state, "template": f"{HOST}devenv-template"}))
    commit(made, "where others find the template")
    page = template / "templates/python/Dockerfile"
    page.write_text(page.read_text().replace("python:3.13-slim", "python:3.13.2-slim", 1))
    out(template)
    take, answer, conflict = UPDATE
    for name in ("quiet", "answering", "edited"):
        shutil.copytree(made, tmp_path / "work" / name, symlinks=True)

    terminal.cwd = tmp_path / "work/quiet"
    type_all(terminal, take)
    assert "python:3.13.2-slim" in (terminal.cwd / "Dockerfile").read_text()

    terminal.cwd = tmp_path / "work/answering"
    type_all(terminal, answer)
    answers = json.loads((terminal.cwd / ".cruft.json").read_text())["context"]["cookiecutter"]
    assert answers["cache"] == "redis"

    terminal.cwd = edited = tmp_path / "work/edited"
    page = edited / "Dockerfile"
    page.write_text(page.read_text().replace("python:3.13-slim", "python:3.14-slim", 1))
    commit(edited, "ours")
    update, *resolve = typed(conflict)
    said = terminal.type(update, 113)
    assert "\n".join(line for line in conflict if not line.startswith("$ ")) in said
    assert git(edited, "status", "--porcelain") == ""
    edits(terminal, "sed -i '/^<<<<<<< /d; /^=======$/,/^>>>>>>> /d' \"$1\"")
    for line in resolve:
        terminal.type(line)
    text = (edited / "Dockerfile").read_text()
    assert "python:3.14-slim" in text
    assert "<<<<" not in text
