"""docs/data.md, typed line by line at a terminal: what the page promises is what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.gitrepo import commit, git
from tests.messages import USES_A_COPY
from tests.terminal import Terminal, blocks, typed
from tests.verbs import machine
from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Repo

BLOCKS = blocks((REPO / "docs/data.md").read_text())
BRANCH, _, _, PLANS, CASE, DRIFT, SCENARIOS = map(typed, BLOCKS)  # the two left out: tests/docs/test_start.py
DRIFT_SAYS = [line for line in BLOCKS[5] if not line.startswith("$ ")]
DSN = "postgresql://reader:password@db.example.org/shop"
BY_HAND = """
ALTER TABLE courses_course ALTER title DROP NOT NULL;
CREATE INDEX quick ON courses_course (title);
ALTER TABLE courses_course RENAME CONSTRAINT courses_course_code_key TO code_once
"""
PRICE = "    price = models.DecimalField(max_digits=8, decimal_places=2, default=0, blank=True)"
EDITOR = f"#!/bin/sh\nsed -i '/^class Course(/,/^    title/ s/^    title.*/&\\n{PRICE}/' \"$1\"\n"
ODD_LEARNER = "INSERT INTO courses_learner (name, email) VALUES ('Ada Odd', 'ada@odd.example')"

pytestmark = pytest.mark.timeout(900)


class Walk(Terminal):
    """A person in a service's checkout, on the branch main."""

    def rows(self, query: str) -> list[str]:
        return self.type(f'inv dev.dbshell -- -qAt -c "{query}"').split("\n")[:-1]


@pytest.fixture
def walk(built_repo: Repo, tmp_path: Path) -> Walk:
    repo = built_repo.path
    git(repo, "init", "--quiet", "--initial-branch=main")
    commit(repo)
    (tmp_path / "editor").write_text(EDITOR)
    (tmp_path / "editor").chmod(0o755)
    return Walk(tmp_path, {**built_repo.env, "EDITOR": str(tmp_path / "editor")}, repo)


@pytest.fixture
def colleague(walk: Walk, link_environment: Callable[[Path], None]) -> Iterator[Repo]:
    """Another checkout beside it. It works natively, whatever the first one does, in a workspace of its own."""
    repo = walk.cwd.with_name("colleague")
    git(walk.cwd, "clone", "--quiet", ".", str(repo))
    link_environment(repo)
    workspace = f"{walk.cwd.name}-colleague"
    theirs = Repo(repo, walk.cwd.name, {"DEV_ENGINE": "native", "DEV_WORKSPACE": workspace})
    yield theirs
    theirs.ok("dev.destroy", "--yes")
    assert not machine.left_by(workspace, repo, "native")


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_branches(walk: Walk) -> None:
    """New migrations keep the rows; without them the data steps aside, and it comes back."""
    up, new, edit, make, migrate, test, price, *commit, away, aside, back, again, look = BRANCH
    url = walk.type(up).strip()
    assert url.startswith("http://")
    walk.rows("UPDATE courses_course SET title = 'Ours' WHERE code = 'welding'")
    for line in (new, edit, make, migrate, test, price, *commit):
        walk.type(line)
    welding = "SELECT title FROM courses_course WHERE code = 'welding'"
    assert walk.rows(welding) == ["Ours"]
    walk.type(away)
    walk.type(aside)
    assert walk.rows(welding) == ["Welding, an introduction"]
    assert walk.rows("SELECT count(*) FROM information_schema.columns WHERE column_name = 'price'") == ["0"]
    walk.type(back)
    walk.type(again)
    assert walk.rows("SELECT price, title FROM courses_course WHERE code = 'welding'") == ["25.00|Ours"]
    assert "main  " in walk.type(look)

    walk.type("inv dev.snapshot before")
    restored, pruned = map(walk.type, PLANS)
    assert f"{USES_A_COPY} before" in restored
    assert "remove snapshot before" in pruned


@pytest.mark.slow
def test_an_odd_case_goes_to_a_colleague(walk: Walk, colleague: Repo) -> None:
    """The rows travel, what identifies people does not, and what was theirs is kept."""
    walk.type("inv dev.up")
    walk.rows("INSERT INTO courses_course (code, title) VALUES ('odd', 'By hand')")
    walk.rows(ODD_LEARNER)
    snapshot, move, cd, *rest = CASE
    for line in (snapshot, move, cd):
        walk.type(line)
    assert walk.cwd == colleague.path
    walk.env.update(colleague.env)
    colleague.ok("dev.up")
    for line in rest:
        walk.type(line)
    assert walk.rows("SELECT title FROM courses_course WHERE code = 'odd'") == ["By hand"]
    assert walk.rows("SELECT count(*) FROM courses_learner") == ["5"]
    assert walk.rows("SELECT count(*) FROM courses_learner WHERE email = 'ada@odd.example'") == ["0"]
    walk.type("inv dev.restore previous")
    assert walk.rows("SELECT count(*) FROM courses_learner") == ["4"]


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_drift_is_found_before_a_deploy(walk: Walk) -> None:
    """Production was changed by hand, and the branch edits a migration that was applied there."""
    repo = walk.cwd
    walk.type("inv dev.up")
    for line in BRANCH[2:4]:  # a course has a price
        walk.type(line)
    walk.type("inv dev.up")
    walk.rows(BY_HAND)
    dump, check = DRIFT
    [port] = walk.rows("SHOW port")
    password = walk.type("inv dev.run -- printenv DB_PASSWORD").strip()
    production = f"postgresql://service:{password}@127.0.0.1:{port}/service"
    assert walk.type(dump.replace(DSN, production)).strip() == DRIFT_SAYS[0]
    assert "COPY" not in (repo / "schema.sql").read_text().replace("COPY public.django_migrations ", "")
    for file in (repo / "courses/models.py", repo / "courses/migrations/0003_price.py"):
        file.write_text(file.read_text().replace("max_digits=8", "max_digits=10"))
    errors = walk.type(f"{check.partition('#')[0]} >../told", 1)
    told = (repo.parent / "told").read_text().splitlines()
    assert [*told, *errors.splitlines()[-3:]] == DRIFT_SAYS[1:]


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_scenarios(walk: Walk) -> None:
    """A second scenario starts from a copy of the first."""
    walk.type("inv dev.up")
    listed, seed, reset, standard = SCENARIOS
    assert "big-tenant" in walk.type(listed)
    for line in (seed, reset):
        walk.type(line)
        assert walk.rows("SELECT count(*) FROM courses_learner") == ["54"]
    walk.type(standard)
    assert walk.rows("SELECT count(*) FROM courses_learner") == ["4"]
