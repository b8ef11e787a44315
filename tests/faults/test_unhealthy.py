"""Steps of dev.up that fail: it names the service and the step, shows the last log lines, and goes on after a fix."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import until
from tests.messages import (
    CHECK_BY_HAND,
    CHECK_FINDS_NO_DATA,
    ENDED_WITH,
    LAST_WORDS,
    NOT_BUILDABLE,
    NOT_FOR_AN_ENVIRONMENT,
    NOT_HEALTHY_WITHIN,
    NOT_HEALTHY_YET,
    NOT_PULLED,
)
from tests.verbs.fixtures import COMPOSE, NATIVE_FIRST
from tests.verbs.repo import Repo

HALF_WAY = """
from django.db import migrations

class Migration(migrations.Migration):
    atomic = False
    dependencies = [("courses", "0002_enrolment")]
    operations = [
        migrations.RunSQL("CREATE TABLE IF NOT EXISTS half (id int)"),
        migrations.RunSQL("ALTER TABLE half ADD COLUMN whole no_such_type"),
    ]
"""
MIGRATION = "courses/migrations/0003_half.py"
INSERT = "INSERT INTO courses_course (code, title) VALUES ('hand', 'Made by hand')"


def is_well(repo: Repo) -> bool:
    repo.ok("dev.up")
    return repo.steps() == [] and repo.fetch("/health")[0] == 200


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_database_that_never_becomes_healthy(breakable: Repo) -> None:
    breakable.ok("dev.down")
    breakable.edit(
        "compose.yaml", "    image: postgres:17", "    image: postgres:17\n    healthcheck: {test: [CMD, 'false']}"
    )
    breakable.edit("dev.yaml", "ready: 60s", "ready: 3s")
    done = breakable.fails(112, "dev.up")
    assert f"{breakable.token}: db {NOT_HEALTHY_WITHIN} 3 s" in done.error
    shown = [line for line in done.stderr.partition("error[112]")[2].splitlines() if line.startswith("  ")]
    assert any("database system is ready" in line for line in shown)
    assert len(shown) <= 20
    assert done.hints[0] == "inv dev.logs -s db"
    breakable.edit("compose.yaml", "\n    healthcheck: {test: [CMD, 'false']}", "")
    breakable.edit("dev.yaml", "ready: 3s", "ready: 60s")
    assert is_well(breakable)


@pytest.mark.slow
def test_one_who_waits_reads_for_what(breakable: Repo) -> None:
    breakable.ok("dev.down")
    breakable.edit("compose.yaml", "import os, socket", "assert 0; import os, socket")
    breakable.edit("dev.yaml", "ready: 60s", "ready: 13s")
    done = breakable.fails(112, "dev.up")
    assert done.stderr.count(f"  app: {NOT_HEALTHY_YET} (10 s of 13 s); {LAST_WORDS} ") == 1


def test_app_that_does_not_start(breakable: Repo) -> None:
    breakable.ok("dev.down")
    breakable.edit("config/settings.py", "import os", "import os, no_such_module")
    breakable.edit("dev.yaml", "ready: 60s", "ready: 6s")
    done = breakable.fails(112, "dev.up")
    assert f"{breakable.token}: app " in done.error
    assert "No module named 'no_such_module'" in done.stderr.partition("error[112]")[2]
    breakable.edit("config/settings.py", "import os, no_such_module", "import os")
    breakable.edit("dev.yaml", "ready: 6s", "ready: 60s")
    assert is_well(breakable)


def test_migration_that_fails_half_way(breakable: Repo) -> None:
    breakable.rows(INSERT)
    (breakable.path / MIGRATION).write_text(HALF_WAY)
    done = breakable.fails(112, "dev.up")
    assert "dev.up stopped at migrate" in done.error
    assert 'type "no_such_type" does not exist' in done.stderr
    assert f"commands.migrate {ENDED_WITH} 1" in breakable.fails(1, "dev.migrate").error
    breakable.edit(MIGRATION, "no_such_type", "text")
    assert is_well(breakable)
    assert breakable.rows("SELECT whole FROM half") == []
    assert breakable.rows("SELECT title FROM courses_course WHERE code = 'hand'") == ["Made by hand"]


def test_scenario_that_prints_no_json(breakable: Repo) -> None:
    breakable.edit("dev.yaml", "run: python manage.py seed default", "run: echo all done")
    done = breakable.fails(111, "dev.seed")
    assert done.error.startswith("error[111]: dev.yaml:")
    assert "must print one JSON object as its last line, not 'all done'" in done.error
    assert done.stdout == ""


def test_scenario_that_tells_what_no_variable_can_hold(breakable: Repo) -> None:
    (breakable.path / "tell.py").write_text("import json\nprint(json.dumps({'secret': chr(0)}))\n")
    breakable.edit("dev.yaml", "run: python manage.py seed default", "run: python tell.py")
    done = breakable.fails(111, "dev.seed")
    assert done.error.startswith("error[111]: dev.yaml:")
    assert rf"one with '\x00', {NOT_FOR_AN_ENVIRONMENT}" in done.error
    assert done.hints


LOOK = "check: python manage.py shell -c 'from courses.models import Course; Course.objects.get(code=\"demo\")'"


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_scenario_that_lies_in_its_exit_status(breakable: Repo) -> None:
    breakable.edit("dev.yaml", "run: python manage.py seed default", f"run: echo all done\n    {LOOK}")
    done = breakable.fails(1, "dev.seed")
    assert f"scenario default {CHECK_FINDS_NO_DATA}" in done.error
    assert "DoesNotExist" in done.stderr, "what the check said"
    assert done.hints[-1].startswith(f"{CHECK_BY_HAND} python manage.py shell -c ")
    assert "dev.reset stopped at seed" in breakable.fails(112, "dev.reset").error
    forget(breakable)
    assert "dev.up stopped at seed" in breakable.fails(112, "dev.up").error


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_scenario_that_cannot_be_run_twice(breakable: Repo) -> None:
    make = "from courses.models import Course; Course.objects.create(code='demo', title='Demo')"
    run = f'run: python manage.py shell -c "{make}"'
    breakable.edit(
        "dev.yaml", "run: python manage.py seed default", f"{run}\n    once: true\n    after: up\n    {LOOK}"
    )
    breakable.ok("dev.down")
    breakable.ok("dev.reset")
    again = breakable.ok("dev.seed")
    assert (again.json(), again.commands) == ({}, [])
    assert "default ran on this data already" in again.stderr
    forget(breakable)
    found = breakable.ok("dev.seed")
    assert (found.json(), len(found.commands)) == ({}, 1), "the check found it"
    assert breakable.rows("SELECT count(*) FROM courses_course WHERE code = 'demo'") == ["1"]


def forget(repo: Repo) -> None:
    """The record as a dev.up leaves it that was killed after the scenario's work."""
    path = Path(os.environ["XDG_STATE_HOME"], "devenv/v1/main", f"{repo.token}.json")
    record = json.loads(path.read_text())
    for known in record["data"].values():
        known.pop("seeded", None)
    path.write_text(json.dumps(record))


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_seed_that_fails_in_up(breakable: Repo) -> None:
    breakable.edit("seeds/scenarios.py", "    seed_users()\n", "    raise SystemExit(5)\n")
    assert "dev.reset stopped at seed" in breakable.fails(112, "dev.reset").error
    assert breakable.fetch("/")[1].count("<li>") == 3, "the data is as it was"
    forget(breakable)
    assert "dev.up stopped at seed" in breakable.fails(112, "dev.up").error
    breakable.edit("seeds/scenarios.py", "    raise SystemExit(5)\n", "    seed_users()\n")
    assert is_well(breakable)
    assert breakable.fetch("/")[1].count("<li>") == 3


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_image_that_cannot_be_built(breakable: Repo) -> None:
    breakable.edit("Dockerfile", "FROM deps AS dev", "FROM deps AS dev\nRUN echo told >&2 && false")
    done = breakable.fails(112, "dev.up")
    assert NOT_BUILDABLE in done.error
    assert "told" in done.stderr
    assert breakable.fetch("/health")[0] == 200, "what ran goes on"


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_image_that_cannot_be_pulled(breakable: Repo) -> None:
    nowhere = "127.0.0.1:1/nobody/postgres:17"
    breakable.edit("compose.yaml", "image: postgres:17", f"image: {nowhere}")
    done = breakable.fails(110, "dev.up")
    assert done.error == f"error[110]: {breakable.token}: db: the image {nowhere} {NOT_PULLED}"
    assert done.hints == [f"docker pull {nowhere}"]
    breakable.edit("compose.yaml", f"image: {nowhere}", "image: postgres:17")
    assert is_well(breakable)


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_data_that_was_removed_behind_our_back(repo: Repo) -> None:
    repo.ok("dev.up")
    project = ["docker", "compose", "--project-name", repo.project()]
    subprocess.run([*project, "down", "--volumes"], check=True, capture_output=True)
    assert repo.steps() == ["start db", "restore", "start app"]
    assert is_well(repo)
    assert repo.fetch("/")[1].count("<li>") == 3


def test_a_page_that_died_is_not_a_success(breakable: Repo) -> None:
    """A container engine believes the last healthcheck for a while; natively each look asks."""
    breakable.edit("dev.yaml", "ready: 60s", "ready: 8s")
    breakable.append("courses/views.py", "\ndef broken(:\n")
    assert until(lambda: breakable.fetch()[0] == 500)
    done = breakable.fails(112, "dev.up")
    assert "def broken(:" in done.stderr, "what the app logged last"
    assert done.hints
    breakable.edit("courses/views.py", "\ndef broken(:\n", "")
    assert until(lambda: breakable.fetch()[0] == 200), "the reloader is back"
    assert is_well(breakable)
