"""The app's environment natively: what is damaged in it is found, and made again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.engines.interface import Place
from devenv.engines.native import app_environment
from tests.conftest import need

INSTALL = "python3 install.py"
INSTALLER = """
import pathlib
for name in ("left/index.js", "left/package.json", ".bin/left"):
    path = pathlib.Path("node_modules", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("module.exports = 1")
"""


@pytest.fixture
def place(repo: Path, make_place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch) -> Place:
    """A service for Node, built."""
    need("node")
    monkeypatch.chdir(repo)  # as in every command
    (repo / "install.py").write_text(INSTALLER)
    made = make_place()._replace(native={"node": ">=18", "install": INSTALL}, env=dict(os.environ))
    app_environment.make(made)
    return made


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def changed(path: Path) -> None:
    path.write_text("module.exports = 2")


@pytest.mark.parametrize("damage", [torn, changed, os.remove])
def test_a_damaged_package_of_node_is_installed_again(place: Place, damage: Callable[[Path], None]) -> None:
    file = place.root / "node_modules/left/index.js"
    (place.root / "node_modules/.cache").mkdir()
    (place.root / "node_modules/.cache/of-a-tool").write_text("which writes it while it runs")
    assert app_environment.flaw(place) == ""
    damage(file)
    assert app_environment.flaw(place) == str(file)
    assert app_environment.repair(place) == str(file)
    assert not app_environment.is_made(place)
    app_environment.make(place)
    assert file.read_text() == "module.exports = 1"
    assert (app_environment.flaw(place), app_environment.is_made(place)) == ("", True)
