"""Schema and data: migrate, seed, reset."""

from __future__ import annotations

import re

import pytest

from tests.messages import DID_YOU_MEAN, ENDED_WITH, NOT_BUILT
from tests.verbs.repo import Repo

EVERYTHING = """
    SELECT 'course', code, title FROM courses_course
    UNION ALL SELECT 'learner', email, name FROM courses_learner
    UNION ALL SELECT 'enrolment', course_id::text, learner_id::text || enrolled_at FROM courses_enrolment
    UNION ALL SELECT 'user', username, password || date_joined FROM auth_user
    UNION ALL SELECT 'group', user_id::text, name FROM auth_user_groups JOIN auth_group ON auth_group.id = group_id
    UNION ALL SELECT 'permission', group_id::text, permission_id::text FROM auth_group_permissions
    ORDER BY 1, 2, 3
"""
NEW_MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("courses", "0002_enrolment")]
    operations = [migrations.RunSQL("CREATE TABLE added (id int)", "DROP TABLE added")]
"""


def test_seed_prints_what_the_scenario_tells(running: Repo) -> None:
    running.ok("dev.reset")
    assert running.ok("dev.seed").json() == {"users": 3, "courses": 3, "learners": 4, "enrolments": 5}


def test_seed_takes_scenario_and_parameter(running: Repo) -> None:
    running.ok("dev.reset")
    done = running.ok("dev.seed", "big-tenant", "-p", "learners=7")
    assert done.json() == {"users": 3, "courses": 4, "learners": 11, "enrolments": 12}
    assert "Onboarding at Big Tenant: 7 learners" in running.fetch("/")[1]


def test_seed_takes_two_parameters(running: Repo) -> None:
    running.ok("dev.reset")
    done = running.ok("dev.seed", "big-tenant", "-p", "learners=7", "-p", "courses=3")
    assert done.json() == {"users": 3, "courses": 6, "learners": 11, "enrolments": 12}
    assert "Onboarding at Big Tenant, group 2: 2 learners" in running.fetch("/")[1]


def test_seed_twice_leaves_the_same_rows(running: Repo) -> None:
    running.ok("dev.seed", "--scenario", "big-tenant", "--param", "learners=7", "--param", "courses=2")
    before = running.rows(EVERYTHING)
    running.ok("dev.seed", "big-tenant", "-p", "courses=2", "-p", "learners=7")
    assert running.rows(EVERYTHING) == before


def test_scrub_replaces_people_and_leaves_what_the_seeds_made(running: Repo) -> None:
    running.ok("dev.reset")
    seeded = running.rows(EVERYTHING)
    running.rows("INSERT INTO courses_learner (name, email) VALUES ('Jane Doe', 'jane@real.example.com')")
    done = running.ok("dev.run", "--", "python", "manage.py", "scrub")
    assert done.json() == {"users": 0, "learners": 1, "log entries": 0, "sessions": 0}
    [added] = set(running.rows(EVERYTHING)) - set(seeded)
    assert re.fullmatch(r"learner\Wlearner-(\d+)@scrubbed\.example\.org\WLearner \1", added)
    assert len(running.rows(EVERYTHING)) == len(seeded) + 1


def test_seed_lists_the_scenarios(running: Repo) -> None:
    head, default, big = running.ok("dev.seed", "--list").stdout.splitlines()
    assert head.split() == ["SCENARIO", "PARAMETERS", "DATA"]
    assert default.startswith("default     ")
    assert big.startswith("big-tenant  learners=1000 courses=1  ")
    assert default.index("a user of") == big.index("the default") == head.index("DATA")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["big-tenent"], f"{DID_YOU_MEAN} big-tenant? allowed: big-tenant, default"),
        (["big-tenant", "-p", "learner=7"], f"{DID_YOU_MEAN} learners? allowed: courses, learners"),
        (["big-tenant", "-p", "7"], "inv dev.seed NAME -p size=10"),
    ],
)
def test_seed_refuses_what_it_does_not_know(running: Repo, words: list[str], hint: str) -> None:
    assert running.fails(2, "dev.seed", *words).hints == [hint]


def test_seed_passes_the_scenarios_code_on(running: Repo) -> None:
    done = running.fails(2, "dev.seed", "big-tenant", "-p", "learners=many")  # argparse's code
    assert f"scenario big-tenant {ENDED_WITH} 2" in done.error


def test_reset_leaves_fresh_rows_and_nothing_else(running: Repo) -> None:
    running.ok("dev.reset")
    fresh = running.rows(EVERYTHING)
    running.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'Made by hand')")
    running.rows("DELETE FROM courses_enrolment")
    running.ok("dev.reset")
    assert running.rows(EVERYTHING) == fresh
    assert running.steps() == []
    assert "Made by hand" not in running.fetch("/")[1]


def test_data_verbs_start_the_database_they_need(running: Repo) -> None:
    running.ok("dev.down")
    running.ok("dev.migrate")
    assert running.ok("dev.seed").json()["courses"] >= 3
    assert {s["name"]: s["healthy"] for s in running.status()["services"]} == {"app": False, "db": True}


def test_data_verbs_build_what_is_checked_out(running: Repo) -> None:
    """What they make is kept under a key of the lock files; made by other packages, it would be another's."""
    manifest = running.path / "pyproject.toml"
    before = manifest.read_text()
    manifest.write_text(f"{before}\n# changed\n")
    try:
        done = running.ok("dev.reset")
        assert f"the checkout is {NOT_BUILT}" in done.stderr
        assert any(" build " in command or command.startswith("uv sync") for command in done.commands)
        assert running.ok("dev.up").commands != []
        assert running.ok("dev.reset").stderr.count(NOT_BUILT) == 0
    finally:
        manifest.write_text(before)
        running.ok("dev.up")


def test_migrate_and_up_bring_a_new_migration_in_and_keep_the_rows(up_repo: Repo) -> None:
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'Made by hand')")
    (up_repo.path / "courses/migrations/0003_added.py").write_text(NEW_MIGRATION)
    up = up_repo.ok("dev.up", "--json")
    assert [step.partition(" ")[0] for step in up.json()["steps"]] == ["migrate"]
    assert len(up.commands) == 2, "is it pending, then migrate"
    assert up_repo.rows("SELECT count(*) FROM added") == ["0"]
    assert up_repo.rows("SELECT title FROM courses_course WHERE code = 'hand'") == ["Made by hand"]
    up_repo.append("seeds/scenarios.py", "# nothing that the database would see\n")
    again = up_repo.ok("dev.up")
    assert len(again.commands) == 1, "asked whether something is pending: nothing is"
    assert up_repo.ok("dev.up").commands == []


OLDER = """
DROP TABLE courses_enrolment;
DELETE FROM django_migrations WHERE name = '0002_enrolment';
"""


def test_an_older_dump_that_was_loaded_by_hand_is_migrated(running: Repo) -> None:
    assert running.steps() == []
    assert running.run("dev.dbshell", "--", "-q", stdin="SELECT 1;").code == 0
    assert running.steps() == ["migrate"]
    assert not [line for line in running.ok("dev.up").commands if "--noinput" in line], "nothing is pending"
    assert running.run("dev.dbshell", "--", "-q", stdin=OLDER).code == 0
    running.ok("dev.up")
    assert running.rows("SELECT count(*) FROM courses_enrolment") == ["0"]
    assert running.steps() == []
