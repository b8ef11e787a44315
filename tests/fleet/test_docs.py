"""docs/fleet.md, typed line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.fleet.conftest import Checkout, Make
from tests.fleet.test_check import EDITED
from tests.terminal import Terminal, blocks, typed

PAGE = REPO / "docs/fleet.md"
SHOP = "https://git.example.org/shop"


@pytest.fixture
def terminal(make: Make, checkout: Checkout, tmp_path: Path) -> Terminal:
    """In a checkout of the template, which lies beside the list's repositories: `catalog` lacks a release."""
    make("catalog", EDITED, at="0.1.0").rename(checkout.folder / "catalog")
    shop = make("shop")
    (tmp_path / "gitconfig").write_text(f'[url "file://{shop}"]\n\tinsteadOf = {SHOP}\n')
    return Terminal(tmp_path, {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}, checkout.folder)


def lagging(terminal: Terminal, line: str) -> str:
    """What a line prints whose exit code is 1, since a repository is behind."""
    return terminal.type(f"{line}\ntest $? = 1")


def test_the_commands_of_the_page(terminal: Terminal) -> None:
    (block,) = blocks(PAGE.read_text())
    show, table, page, programs, tried = typed(block)
    listed = "\n".join(line for line in block if not line.startswith("$ ")) + "\n"
    (terminal.cwd / "fleet.txt").write_text(listed)
    assert terminal.type(show) == listed

    said = lagging(terminal, table)
    assert said.endswith("\n2 repositories: 1 behind, 1 fine; newest release 0.2.0\n")
    assert lagging(terminal, page) == said
    assert SHOP in (terminal.cwd / "fleet.html").read_text()
    rows = {row["repo"]: row for row in json.loads(lagging(terminal, programs))["repos"]}
    assert {name: (row["state"], row["conflicts"]) for name, row in rows.items()} == {
        "catalog": ("behind", None),
        SHOP: ("fine", None),
    }
    assert lagging(terminal, tried).endswith("\n2 repositories: 1 conflicts, 1 fine; newest release 0.2.0\n")
