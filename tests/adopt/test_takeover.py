"""A workspace that an earlier release started is taken over by the tools of this one, with all its rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verbs.fixtures import NATIVE_FIRST, removed_after
from tests.verbs.repo import Repo
from tools.adopt.update import update

from .conftest import NEXT, Service, git

LAST_VENDORED = "0.4.0"
LAST_WITH_FILES = "0.6.0"  # its record of data is in files of the machine


@pytest.fixture
def started(service: Service, engine: str, free_port: int) -> Iterator[Repo]:
    """A service of the last release that carried its tools, up."""
    token = f"t{uuid.uuid4().hex[:8]}"
    path = service(LAST_VENDORED, stack="django", service=token, port=str(free_port))
    repo = Repo(path, token, {"DEV_ENGINE": engine, "DEV_NETWORK": f"devenv-{token}"})
    with removed_after(repo):
        repo.ok("dev.up")
        yield repo


def test_it_is_taken_over_without_losing_a_row(started: Repo, history: Path) -> None:
    table = started.rows("SELECT tablename FROM pg_tables WHERE tablename LIKE '%_course' ORDER BY 1")[0]
    started.rows("CREATE TABLE by_hand (text text)")
    started.rows("INSERT INTO by_hand VALUES ('kept')")
    courses = started.rows(f"SELECT count(*) FROM {table}")
    started.ok("dev.snapshot", "before")
    url = started.status()["url"]
    assert update(started.path, history) == f"devenv-template-{NEXT}"
    assert not (started.path / ".dev/devenv/main.py").exists()
    done = started.ok("dev.up")
    assert done.stdout == f"{url}\n"
    assert started.rows("SELECT text FROM by_hand") == ["kept"]
    assert started.rows(f"SELECT count(*) FROM {table}") == courses
    started.rows("INSERT INTO by_hand VALUES ('later')")
    started.ok("dev.restore", "before")
    assert started.rows("SELECT text FROM by_hand") == ["kept"]
    git(started.path, "switch", "--quiet", "main")  # and back: releases read each other's records
    assert started.ok("dev.up").stdout == f"{url}\n"
    assert started.rows("SELECT text FROM by_hand") == ["kept"]


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize("database", ["postgres", "mysql"])
def test_the_last_release_and_this_one_take_turns_on_the_same_data(
    service: Service, engine: str, free_port: int, history: Path, database: str
) -> None:
    """As `git bisect` does it, over the update. Each finds its own snapshots again, and the rows of both."""
    token = f"t{uuid.uuid4().hex[:8]}"
    path = service(LAST_WITH_FILES, stack="django", service=token, port=str(free_port), database=database)
    repo = Repo(path, token, {"DEV_ENGINE": engine, "DEV_NETWORK": f"devenv-{token}"})
    with removed_after(repo):
        repo.ok("dev.up")
        enter(repo, database, "old")
        repo.ok("dev.snapshot", "of-old")
        repo.ok("dev.reset")
        enter(repo, database, "old-later")
        assert update(path, history) == f"devenv-template-{NEXT}"
        repo.ok("dev.up")
        assert codes(repo, database) == {"old-later"}
        repo.ok("dev.restore", "previous")
        assert codes(repo, database) == {"old"}
        repo.ok("dev.snapshot", "of-new")
        git(path, "switch", "--quiet", "main")
        repo.ok("dev.up")
        assert codes(repo, database) == {"old"}
        enter(repo, database, "old-again")
        repo.ok("dev.snapshot", "of-old-again")
        repo.ok("dev.reset")
        assert codes(repo, database) == set()
        git(path, "switch", "--quiet", f"devenv-template-{NEXT}")
        repo.ok("dev.up")
        assert codes(repo, database) == set()
        for name, rows in (
            ("of-new", {"old"}),
            ("of-old", {"old"}),
            ("of-old-again", {"old", "old-again"}),
        ):
            repo.ok("dev.restore", name)
            assert codes(repo, database) == rows


def enter(repo: Repo, database: str, code: str) -> None:
    ask(repo, database, f"INSERT INTO courses_course (code, title) VALUES ('{code}', 'by hand')")


def codes(repo: Repo, database: str) -> set[str]:
    return set(ask(repo, database, "SELECT code FROM courses_course WHERE title = 'by hand'"))


def ask(repo: Repo, database: str, query: str) -> list[str]:
    words = ("-qAtX", "-c") if database == "postgres" else ("--batch", "--skip-column-names", "--execute")
    return repo.ok("dev.dbshell", "--", *words, query).stdout.splitlines()
