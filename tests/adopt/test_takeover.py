"""A workspace that an earlier release started is taken over by the tools of this one, with all its rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verbs.fixtures import removed_after
from tests.verbs.repo import Repo
from tools.adopt.update import update

from .conftest import NEXT, Service, git

LAST_VENDORED = "0.4.0"


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
