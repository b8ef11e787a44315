"""What is said about a service that is not healthy."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.engines import failures
from devenv.engines.interface import Place, State
from devenv.model import config, services
from tests.unit.conftest import COMPOSE_YAML, DEV_YAML


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "dev.yaml").write_text(DEV_YAML)
    (tmp_path / "compose.yaml").write_text(COMPOSE_YAML)
    found = services.load(tmp_path / "compose.yaml", {})
    settings = config.load(tmp_path)
    return Place(tmp_path, "main", settings.service, settings.app, settings.compose, "", found, {}, {}, "n", {})


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("Exited (0) 2 seconds ago", "depends_on: {app: {condition: service_completed_successfully}}"),
        ("Exited (1) 2 seconds ago", "raise budget.ready"),
        ("Up 4 seconds (unhealthy)", "raise budget.ready"),
    ],
)
def test_a_service_that_ended_well_gets_another_hint_than_a_slow_one(place: Place, words: str, hint: str) -> None:
    states = {"db": State("1", True, True, "Up"), "app": State("2", False, False, words)}
    error = failures.unhealthy(place, states, lambda _name, _lines: ["the last line"], 60)
    assert "the last line" in error.message
    assert error.hints[0] == "inv dev.logs -s app"
    assert hint in error.hints[1]
