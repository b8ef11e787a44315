"""dev.up killed after each command that it printed, alone or with its whole group: the next one repairs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.conftest import until
from tests.verbs.fixtures import COMPOSE, COMPOSE_FIRST
from tests.verbs.repo import Repo, end, printed

ALONE, GROUP = os.kill, os.killpg
Kill = Callable[[int, int], None]

TABLE = "CREATE TABLE IF NOT EXISTS by_hand (number int);"
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("courses", "{before}")]
    operations = [migrations.RunSQL("CREATE TABLE added_{number} (id int)")]
"""


def kill_up(repo: Repo, number: int, kill: Kill) -> None:
    """Start dev.up and kill it while its command of this number runs."""
    process = repo.start("dev.up")
    assert printed(process, number), "dev.up ended before this command"
    end(process, kill)


def enter_by_hand(repo: Repo, number: int) -> bool:
    """Add a row that is in no migration and no seed. False while the database does not exist."""
    done = repo.run("dev.dbshell", "--", "-qc", f"{TABLE} INSERT INTO by_hand VALUES ({number})")
    return done.code == 0


def assert_repaired(repo: Repo, engine: str, entered: list[int]) -> None:
    repo.ok("dev.up")
    assert repo.steps() == []
    assert repo.fetch("/")[1].count("<li>") == 3
    if entered:
        rows = repo.rows("SELECT number FROM by_hand ORDER BY number")
        assert rows == [str(number) for number in entered]
    if engine == "compose":
        project = f"label=com.docker.compose.project={repo.project()}"
        listing = subprocess.run(["docker", "ps", "-aq", "--filter", project], capture_output=True, text=True)
        assert len(listing.stdout.split()) == 2, "app and db, and no container of a killed step"


@pytest.mark.parametrize("engine", COMPOSE_FIRST, indirect=True)
@pytest.mark.parametrize(
    ("which", "kills"),
    [
        (slice(1, None, 2), (GROUP, ALONE)),
        pytest.param(slice(None), (ALONE, GROUP), marks=pytest.mark.slow),
        pytest.param(slice(None), (GROUP, ALONE), marks=pytest.mark.slow),
    ],
    ids=["some", "all", "all the other way"],
)
def test_first_up_killed(repo: Repo, engine: str, which: slice, kills: tuple[Kill, Kill]) -> None:
    commands = repo.ok("dev.up").commands
    for turn, number in enumerate(range(len(commands))[which]):
        repo.ok("dev.destroy", "--yes")
        kill_up(repo, number, kills[turn % 2])
        assert_repaired(repo, engine, [number] if enter_by_hand(repo, number) else [])


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
@pytest.mark.parametrize(("kill", "migrated"), [(ALONE, "1"), (GROUP, "0")], ids=["alone", "group"])
def test_the_container_of_steps_goes_with_dev_up(repo: Repo, kill: Kill, migrated: str) -> None:
    """Without another command. Only if dev.up alone is killed, the step goes on to its end."""
    process = repo.start("dev.up")
    assert any("Applying" in line for line in process.stderr or [])
    listing = ["docker", "ps", "--all", "--quiet", "--filter", f"name={repo.project()}-steps"]

    def left() -> str:
        return subprocess.run(listing, check=True, capture_output=True, text=True).stdout

    assert left()
    end(process, kill)
    assert until(lambda: not left())
    assert repo.rows("SELECT count(*) FROM django_migrations WHERE app = 'sessions'") == [migrated]


@pytest.mark.slow
@pytest.mark.parametrize(
    "kills",
    [(ALONE, GROUP), (GROUP, ALONE)],
    ids=["alone first", "group first"],
)
def test_up_with_everything_to_do_killed(up_repo: Repo, engine: str, kills: tuple[Kill, Kill]) -> None:
    """There is data already, and everything but the seed has to be done again."""
    migrations = ["0002_enrolment"]
    give_work(up_repo, migrations)
    commands = up_repo.ok("dev.up").commands
    for number in range(len(commands)):
        assert enter_by_hand(up_repo, number)
        give_work(up_repo, migrations)
        kill_up(up_repo, number, kills[number % 2])
        assert_repaired(up_repo, engine, list(range(number + 1)))
        assert up_repo.rows(f"SELECT count(*) FROM added_{len(migrations) - 1}") == ["0"]


def give_work(repo: Repo, migrations: list[str]) -> None:
    """Stop the service, change its Dockerfile, add a migration: dev.up has to take every kind of step."""
    number = len(migrations)
    name = f"{number + 2:04}_added"
    text = MIGRATION.format(before=migrations[-1], number=number)
    (repo.path / f"courses/migrations/{name}.py").write_text(text)
    migrations.append(name)
    repo.append("Dockerfile", f"# change {number}\n")
    repo.ok("dev.down")
