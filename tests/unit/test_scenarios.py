"""When a scenario runs, and what is believed of it: `once`, `after` and `check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from devenv.base.errors import CONFIG, FOUND, DevError
from devenv.context.environment import Environment
from devenv.datastates import live
from tests.messages import CHECK_BY_HAND, CHECK_FINDS_NO_DATA, ENDED_WITH

from .conftest import DEV_YAML, Seam
from .test_compose_engine import container

EVENT = "scenarios:\n  default: {{run: ./make, {}}}\n  named: {{run: './make {{slug}}', params: {{slug: a}}, {}}}\n"
KNOWN = {"id": "v1 2026", "generation": "g", "migrated": "S"}

Open = Callable[..., Environment]


@pytest.fixture
def opened(seam: Seam, make_environment: Callable[..., Environment], repo: Path, state_home: Path) -> Open:
    """opened("once: true") → the service with such scenarios, its data migrated and not seeded."""
    seam.answer("docker volume inspect", "v1 2026\n")

    def opened(how: str, known: Mapping[str, Any] = KNOWN) -> Environment:
        text = DEV_YAML.replace("scenarios: {default: {run: ./seed default}}\n", EVENT.format(how, how))
        (repo / "dev.yaml").write_text(text)
        return make_environment({"compose": dict(known)})

    return opened


def commands(seam: Seam) -> list[str]:
    """What ran as the app, without the words of Compose."""
    return [line.partition("app ")[2] for line in seam.typed() if " run " in line]


def error_of(run: Callable[[], object]) -> DevError:
    with pytest.raises(DevError) as caught:
        run()
    return caught.value


# ---- once


def test_what_is_once_runs_once_and_tells_the_same_again(
    opened: Open, seam: Seam, capsys: pytest.CaptureFixture[str]
) -> None:
    env = opened("once: true")
    seam.answer("./make", 'progress\n{"talks": 64}\n')
    assert [live.seed(env, "default", {}) for _ in range(2)] == [{"talks": 64}] * 2
    assert commands(seam) == ["./make"]
    assert "default ran on this data already" in capsys.readouterr().err


def test_it_runs_again_on_other_data(opened: Open, seam: Seam) -> None:
    env = opened("once: true")
    seam.answer("./make", "{}")
    live.seed(env, "default", {})
    seam.answer("docker volume inspect", "v1 2027\n")
    live.seed(opened("once: true", env.data), "default", {})
    assert commands(seam) == ["./make", "./make"]


def test_it_runs_again_after_a_reset(opened: Open, seam: Seam) -> None:
    env = opened("once: true")
    seam.answer("./make", "{}")
    live.seed(env, "default", {})
    live.reset(env)
    assert commands(seam) == ["./make", "./migrate", "./make"]


def test_each_set_of_parameters_is_a_data_set_of_its_own(opened: Open, seam: Seam) -> None:
    env = opened("once: true")
    seam.answer("./make", "{}")
    for given in ({}, {"slug": "b"}, {"slug": "b"}, {"slug": "a"}):
        live.seed(env, "named", given)
    assert commands(seam) == ["./make a", "./make b"]
    assert set(env.data["seeded"]) == {"named", "named slug=b"}


def test_without_once_it_runs_whenever_it_is_asked_for(opened: Open, seam: Seam) -> None:
    env = opened("once: false")
    seam.answer("./make", "{}")
    live.seed(env, "named", {"slug": "b"})
    live.seed(env, "named", {"slug": "b"})
    assert len(commands(seam)) == 2
    assert set(env.data["seeded"]) == {"named slug=b"}, "dev.status shows it"


def test_one_that_failed_half_way_says_that_only_fresh_data_helps(opened: Open, seam: Seam) -> None:
    env = opened("once: true")
    seam.answer("./make", "no\n", code=3)
    error = error_of(lambda: live.seed(env, "default", {}))
    assert (error.code, error.message) == (3, f"catalog: scenario default {ENDED_WITH} 3\nno")
    assert error.hints[-1] == "it is declared once: true, so start again from fresh data: inv dev.reset"


# ---- check


def test_a_scenario_that_lies_is_caught(opened: Open, seam: Seam) -> None:
    env = opened("check: ./look")
    seam.answer("./look", "none\n", code=1)
    error = error_of(lambda: live.seed(env, "default", {}))
    assert (error.code, error.hints[-1]) == (FOUND, f"{CHECK_BY_HAND} ./look")
    assert error.message == f"catalog: scenario default {CHECK_FINDS_NO_DATA}"
    assert "seeded" not in env.data


@pytest.mark.parametrize(
    ("said", "told"), [('x\n{"talks": 64}\n', {"talks": 64}), ("", {}), ("64 talks\n", {}), ("[64]\n", {})]
)
def test_the_check_tells_what_there_is(opened: Open, seam: Seam, said: str, told: Mapping[str, int]) -> None:
    env = opened("check: ./look")
    seam.answer("./make", "Done.\n")
    seam.answer("./look", said)
    assert live.seed(env, "default", {}) == told
    assert commands(seam) == ["./make", "./look"]


def test_a_scenario_that_fails_is_not_checked(opened: Open, seam: Seam) -> None:
    env = opened("check: ./look")
    seam.answer("./make", code=3)
    assert error_of(lambda: live.seed(env, "default", {})).code == 3
    assert commands(seam) == ["./make"]


def test_where_the_record_was_lost_the_check_decides(opened: Open, seam: Seam) -> None:
    env = opened("once: true, check: ./look", known={})
    seam.answer("./look", '{"talks": 64}\n')
    assert [live.seed(env, "default", {}) for _ in range(2)] == [{"talks": 64}] * 2
    assert commands(seam) == ["./look"]


def test_and_it_runs_where_the_check_finds_nothing(opened: Open, seam: Seam) -> None:
    env = opened("once: true, check: ./look")
    seam.answer("./look", code=1)
    assert error_of(lambda: live.seed(env, "default", {})).code == FOUND
    assert commands(seam) == ["./look", "./make", "./look"]


def test_without_a_check_the_last_line_has_to_be_an_object(opened: Open, seam: Seam) -> None:
    env = opened("once: true")
    seam.answer("./make", "Done.\n")
    error = error_of(lambda: live.seed(env, "default", {}))
    assert (error.code, error.message.partition(" must ")[0]) == (CONFIG, "dev.yaml:8: scenario default")
    assert "if you cannot change the command, add a `check:`" in error.hints


# ---- after


def test_what_comes_after_up_starts_all_first(opened: Open, seam: Seam) -> None:
    env = opened("after: up")
    seam.answer("docker ps --all --no-trunc", container("db", "Up 5 seconds (healthy)"))
    seam.answer("./make", "{}")
    live.seed(env, "default", {})
    assert [" up " in line for line in seam.typed()] == [True, False]
    assert seam.typed()[0].endswith(" app db")


def test_and_nothing_where_all_is_healthy(opened: Open, seam: Seam) -> None:
    env = opened("after: up")
    up = "Up 5 seconds (healthy)"
    seam.answer("docker ps --all --no-trunc", container("db", up) + container("app", up))
    seam.answer("./make", "{}")
    live.seed(env, "default", {})
    assert [" up " in line for line in seam.typed()] == [False]


def test_a_reset_starts_the_app_on_the_new_database(opened: Open, seam: Seam) -> None:
    env = opened("after: up")
    seam.answer("./make", "{}")
    live.reset(env)
    assert [verb(line) for line in seam.typed()] == ["stop", "up db", "run ./migrate", "up app db", "run ./make"]


def test_without_it_a_reset_leaves_the_app_alone(opened: Open, seam: Seam) -> None:
    env = opened("once: true")
    seam.answer("./make", "{}")
    live.reset(env)
    assert [verb(line) for line in seam.typed()] == ["run ./migrate", "run ./make"]


def test_what_was_started_for_a_scenario_needs_no_other_start(opened: Open, seam: Seam) -> None:
    env = opened("after: up")
    seam.answer("./make", "{}")
    seam.answer("docker ps --all --no-trunc", container("app", "Up (health: starting)", number="2"))
    live.seed(env, "default", {})
    assert env.record.up["ids"] == {"app": "app2"}


def verb(line: str) -> str:
    """A command of Compose without what all of them share: its verb, and what it is for."""
    words = line.split()
    if " run " in line:
        return f"run {words[-1]}"
    return "stop" if "stop" in words else f"up {line.partition('--wait-timeout 60 ')[2]}"
