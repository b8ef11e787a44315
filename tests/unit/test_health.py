"""What is said while something is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from devenv.base.errors import CONFLICT, MISSING, UNHEALTHY, DevError
from devenv.context import health
from devenv.context.environment import Environment
from devenv.databases import find
from devenv.engines.compose import ComposeEngine
from devenv.engines.interface import State
from tests.messages import LAST_WORDS, LOGGED_NOTHING, NOT_HEALTHY_YET

from .conftest import Seam
from .test_compose_engine import container


@pytest.fixture
def env(seam: Seam, make_environment: Callable[..., Environment]) -> Environment:
    return make_environment()


def test_each_service_that_is_not_healthy_has_a_line_with_what_it_logged_last(env: Environment, seam: Seam) -> None:
    starting, healthy = "Up 40 seconds (health: starting)", "Up 40 seconds (healthy)"
    seam.answer("docker ps", container("db", healthy) + container("app", starting))
    seam.answer("logs", "first\n\x1b[32mapplying\x1b[39m 0042\n\x1b[0m\n")
    assert health.describe(env, ["app", "db"], 42.3) == [
        f"  app: {NOT_HEALTHY_YET} (42 s of 60 s); {LAST_WORDS} applying 0042"
    ]


def test_a_service_that_has_said_nothing_or_is_not_there_is_named_too(env: Environment, seam: Seam) -> None:
    seam.answer("docker ps", container("db", "Up 9 seconds (health: starting)"))
    slow = env._replace(config=env.config._replace(ready=180.0))
    assert health.describe(slow, ["app", "db"], 10.0) == [
        "  app: not started yet (10 s of 180 s)",
        f"  db: {NOT_HEALTHY_YET} (10 s of 180 s); {LOGGED_NOTHING}",
    ]


@pytest.mark.parametrize(
    ("made", "server", "code"),
    [
        ("17", "postgres (PostgreSQL) 18.6", CONFLICT),
        ("18", "postgres (PostgreSQL) 17.10 (Debian 17.10-1.pgdg13+1)", CONFLICT),
        ("17", "postgres (PostgreSQL) 17.10", UNHEALTHY),
    ],
)
def test_a_server_that_does_not_start_is_asked_for_the_version_of_its_data(
    env: Environment, seam: Seam, made: str, server: str, code: int
) -> None:
    seam.answer("docker ps", container("db", "Exited (1) 2 seconds ago"))
    seam.answer("up --detach", code=1)
    seam.answer("volume inspect", "main-catalog_db-data 2026-01-01T10:00:00Z\n")
    seam.answer("--entrypoint sh", f"{made}\n{server}\n")
    with pytest.raises(DevError) as caught:
        health.start(env._replace(database=find.find(env.place.services)), ["db"])
    assert caught.value.code == code
    assert (f"of postgres {made}, not {server.split()[2].split('.')[0]}" in caught.value.message) == (code == CONFLICT)


def test_it_is_reported_again_and_again_until_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    twice = threading.Event()
    seen: list[float] = []

    def lines(seconds: float) -> list[str]:
        seen.append(seconds)
        if len(seen) == 2:
            twice.set()
        return [f"waiting {len(seen)}"]

    with health.told(lines, every=0.001):
        assert twice.wait(30)
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["waiting 1", "waiting 2"]
    assert len(said) == len(seen)


def test_what_ends_soon_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with health.told(lambda seconds: ["never"]):
        pass
    assert capsys.readouterr().err == ""


def test_an_engine_that_is_gone_is_the_errand_of_the_block_and_not_of_the_one_who_watches() -> None:
    asked = threading.Event()

    def lines(seconds: float) -> list[str]:
        asked.set()
        raise DevError(MISSING, "gone")

    with health.told(lines, every=0.001):
        assert asked.wait(30)


def test_new_connections_are_waited_for_and_a_check_that_keeps_failing_is_not(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [["app"], ["app", "idle"], ["idle"]]
    up = {name: State(name, name != "idle", True, "") for name in ("app", "db", "idle")}
    monkeypatch.setattr(ComposeEngine, "look", lambda engine: up)
    monkeypatch.setattr(ComposeEngine, "failing", lambda engine, states: left.pop(0))
    health.reconnected(env)
    assert left == []
    monkeypatch.setattr(health, "RECONNECT", 0.1)
    monkeypatch.setattr(ComposeEngine, "failing", lambda engine, states: ["app"])
    health.reconnected(env)
