"""Every stack with each database, each with each option: chosen by pairs, so that nine services stand for twenty-seven.

Three on each engine run every time, and they hold each stack, each database and each option once; the rest is `slow`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import need, until
from tests.suite.conftest import assert_kept
from tests.verbs.fixtures import MakeRepo, removed_after
from tests.verbs.repo import Repo, elsewhere, get, page

pytestmark = pytest.mark.timeout(900)

STACKS = ("django", "fastapi", "node")
DATABASES = ("postgres", "mysql", "none")
OPTIONS = (("none", "none"), ("redis", "none"), ("redis", "queue"))  # cache and worker
# The places of a stack and a database in the tuples above, added, name the options: a Latin square, in which all pairs
# are. Its other diagonals hold each stack, each database and each option once.
PROGRAMS = {"node": "node", "mysql": "mariadbd"}  # what the machine has to have natively
EVERY_TIME = {"native": 0, "compose": 1}
# The suite takes minutes: in every run it sees the smallest of them, and tests/suite has its own in containers.
LONG = {*product(EVERY_TIME, STACKS)} - {("native", "node")}


class Chosen(NamedTuple):
    engine: str
    stack: str
    database: str
    cache: str
    worker: str

    @property
    def answers(self) -> dict[str, str]:
        return {"database": self.database, "cache": self.cache, "worker": self.worker}


def square(seldom: Collection[tuple[str, str]] = ()) -> Iterator[Any]:
    """All nine on each engine. `seldom`: engines and stacks that are `slow` too."""
    for engine, (row, stack), (column, database) in product(EVERY_TIME, enumerate(STACKS), enumerate(DATABASES)):
        chosen = Chosen(engine, stack, database, *OPTIONS[(row + column) % 3])
        needed = [pytest.mark.engine] if engine == "compose" else []
        often = (column - row) % 3 == EVERY_TIME[engine] and (engine, stack) not in seldom
        yield pytest.param(chosen, marks=needed if often else [*needed, pytest.mark.slow], id="-".join(chosen))


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> Chosen:
    return Chosen(*request.param)


@pytest.fixture
def engine(chosen: Chosen) -> str:
    return chosen.engine


@pytest.fixture
def made(make_repo: MakeRepo, chosen: Chosen) -> Repo:
    if chosen.engine == "native":
        need(*(PROGRAMS[name] for name in (chosen.stack, chosen.database) if name in PROGRAMS))
    return make_repo(chosen.stack, **chosen.answers)


@pytest.mark.parametrize("chosen", list(square(LONG)), indirect=True)
def test_it_keeps_the_contract(made: Repo, chosen: Chosen) -> None:
    assert_kept(made.path, "--engine", chosen.engine)


@pytest.mark.parametrize("chosen", list(square()), indirect=True)
def test_its_engineers_work_with_it(made: Repo, chosen: Chosen) -> None:
    with removed_after(made):
        url = made.ok("dev.up").stdout.strip()
        assert "Astronomy for everybody" in get(url)[1]
        assert get(elsewhere(url))[0] == 400
        assert [course["code"] for course in json.loads(get(url, "/api/courses")[1])["courses"]] == [
            "astronomy",
            "statistics",
            "welding",
        ]
        assert_an_edit_is_live(made, url)
        assert_its_tests_pass_and_can_be_chosen(made, chosen.stack)
        if chosen.database != "none":
            assert_the_tests_keep_their_database(made, chosen)
            assert_many_learners_come_once(made)
        if chosen.worker != "none":
            assert_the_worker_takes_jobs(url)


CHOOSE = {"django": ["-k", "health"], "fastapi": ["-k", "health"], "node": ["--test-name-pattern", "health"]}


def assert_an_edit_is_live(made: Repo, url: str) -> None:
    for path in made.path.rglob("*"):
        inside = path.relative_to(made.path).parts
        if path.is_file() and inside[0] not in (".dev", "node_modules") and "<h1>Courses</h1>" in text_of(path):
            path.write_text(text_of(path).replace("<h1>Courses</h1>", "<h1>Edited</h1>"))
    assert until(lambda: "<h1>Edited</h1>" in page(url)), get(url)


def assert_its_tests_pass_and_can_be_chosen(made: Repo, stack: str) -> None:
    everything = made.ok("dev.test").stdout
    some = made.ok("dev.test", "--", *CHOOSE[stack]).stdout
    assert len(some) != len(everything)


LAST_MIGRATION = {
    "django": "courses/migrations/0002_enrolment.py",
    "fastapi": "migrations/versions/0002_enrolment.py",
    "node": "migrations/20250107090000_enrolment.mjs",
}


def assert_the_tests_keep_their_database(made: Repo, chosen: Chosen) -> None:
    """Until a migration changes."""
    migration = made.path / LAST_MIGRATION[chosen.stack]
    source = migration.read_text()
    client, mark = {
        "postgres": (["-d", "test_service", "-c"], "mark"),
        "mysql": (["-e"], "test_service.mark"),
    }[chosen.database]
    made.ok("dev.dbshell", "--", *client, f"CREATE TABLE {mark} (id int)")
    made.ok("dev.test", "--", *CHOOSE[chosen.stack])
    made.ok("dev.dbshell", "--", *client, f"SELECT * FROM {mark}")
    migration.write_text(source + "\n")
    made.ok("dev.test", "--", *CHOOSE[chosen.stack])
    made.fails(1, "dev.dbshell", "--", *client, f"SELECT * FROM {mark}")
    migration.write_text(source)


def assert_many_learners_come_once(made: Repo) -> None:
    first = made.ok("dev.seed", "big-tenant", "-p", "learners=50").json()
    assert made.ok("dev.seed", "big-tenant", "-p", "learners=50").json() == first
    assert (first["courses"], first["learners"]) == (4, 54)


def assert_the_worker_takes_jobs(url: str) -> None:
    assert get(url, "/api/report")[0] == 404
    assert get(url, "/api/report", "POST")[0] == 202
    assert until(lambda: get(url, "/api/report")[0] == 200)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
