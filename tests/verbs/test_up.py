"""dev.up: what it says, what it does, and that it does nothing twice."""

from __future__ import annotations

import re

import pytest

from tests.messages import NEXT, NOTHING_TO_DO
from tests.verbs import machine
from tests.verbs.fixtures import COMPOSE
from tests.verbs.repo import Done, Repo

KEYS = {"service", "workspace", "engine", "checkout", "url", "healthy", "services", "logins", "outputs", "memory"}


def test_first_up_answers_with_the_url_alone(running: Repo, first_up: Done) -> None:
    assert first_up.stdout == running.status()["url"] + "\n"


def test_first_up_says_what_it_does_and_how_long_it_took(first_up: Done, engine: str) -> None:
    will = next(line for line in first_up.stderr.splitlines() if line.startswith("will "))
    assert [word for word in ("build app", "start db", "migrate", "seed", "start") if word not in will] == []
    assert len(first_up.commands) >= 5
    times = [line for line in first_up.stderr.splitlines() if line.startswith("  ") and line.endswith(" s")]
    servers = 2 if engine == "native" else 0  # processes that go on, so their commands have no time of their own
    assert len(times) >= len(first_up.commands) - servers


def test_first_up_ends_with_logins_memory_and_time(first_up: Done) -> None:
    *_, up, url, admin, teacher, learner, after = first_up.stderr.splitlines()
    assert re.search(r" is up: \d+\.\d s, memory \d+ MB of 512 MB$", up)
    assert f"{url}\n" == first_up.stdout
    for line, name in ((admin, "admin"), (teacher, "teacher"), (learner, "learner")):
        assert re.match(rf"login {name}: +{name} / {name} +http://", line)
    assert after == NEXT


def test_pages_show_the_seeded_rows(running: Repo) -> None:
    running.ok("dev.reset")  # another test may have left other rows
    assert running.fetch("/health") == (200, '{"status": "ok", "database": "ok"}')
    status, page = running.fetch("/")
    assert status == 200
    assert "Astronomy for everybody: 3 learners" in page
    assert '"code": "welding"' in running.fetch("/api/courses")[1]


def test_second_up_does_nothing(running: Repo) -> None:
    again = running.ok("dev.up")
    assert again.commands == []
    assert NOTHING_TO_DO in again.stderr
    assert again.stdout == running.status()["url"] + "\n"


def test_json_is_one_object_and_nothing_else(running: Repo) -> None:
    done = running.ok("dev.up", "--json")
    answer = done.json()
    assert answer.keys() >= KEYS | {"budget", "steps", "seconds"}, "a later version may add keys"
    assert (answer["healthy"], answer["steps"]) == (True, [])
    assert 0 < answer["memory"] < answer["budget"]


def test_up_after_down_finds_the_rows(running: Repo) -> None:
    running.rows("INSERT INTO courses_course (code, title) VALUES ('down', 'Survived')")
    down = running.ok("dev.down")
    assert down.stdout == ""
    assert not any(service["healthy"] for service in running.status()["services"])
    up = running.ok("dev.up", "--json").json()
    assert [step for step in up["steps"] if not step.startswith("start")] == []
    assert "Survived" in running.fetch("/")[1]


def test_down_twice_is_not_an_error(running: Repo) -> None:
    running.ok("dev.down")
    running.ok("dev.down")


def test_up_repairs_a_service_that_was_stopped_without_it(running: Repo) -> None:
    before = running.ok("dev.plan", "--json").json()
    running.ok("dev.down")
    assert before["steps"] == []
    assert running.steps() != []
    running.ok("dev.up")
    assert running.steps() == []


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_what_a_killed_step_created_is_removed(running: Repo, engine: str) -> None:
    """`docker compose run` that was killed before its container started: neither it nor Docker removes that."""
    project = running.project()
    labels = [f"com.docker.compose.project={project}", "com.docker.compose.service=app"]
    labels += ["com.docker.compose.oneoff=True", "devenv.step=seed"]
    flags = [word for label in labels for word in ("--label", label)]
    [left] = machine.answer("docker", "create", *flags, f"{project}-app", "true")
    assert NOTHING_TO_DO in running.ok("dev.up").stderr
    assert left not in machine.answer("docker", "ps", "--all", "--quiet", "--no-trunc")
