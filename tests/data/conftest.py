"""Data states: a machine of its own for what is decided, and real databases for what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.conftest import state_home  # noqa: F401

from . import world
from .world import World


@pytest.fixture
def here(tmp_path: Path, state_home: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: F811
    """A machine on which the service is up, with a row that was entered by hand."""
    made = world.make(tmp_path / "repo", free_port, monkeypatch)
    made.up()
    made.enter("by hand")
    return made
