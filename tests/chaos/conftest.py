"""One service for all rounds of an engine and a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.verbs import machine
from tests.verbs.fixtures import engine  # noqa: F401

from . import service
from .driver import Chaos


@pytest.fixture(params=["postgres", "mysql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chaos(bake: Callable[..., Path], tmp_path: Path, engine: str, database: str, power_cuts: bool) -> Iterator[Chaos]:  # noqa: F811
    """The service, up. Afterwards dev.destroy has to leave nothing."""
    if engine == "native" and database == "mysql":
        need("mariadbd", "mariadb-dump")
    repo = service.make(bake, tmp_path, engine, database)
    try:
        repo.ok("dev.up")
        yield Chaos(repo, database)
        repo.ok("dev.destroy", "--yes")
        left = machine.docker_things(repo.token) if engine == "compose" else machine.processes_below(tmp_path)
        assert not left, left
    finally:
        repo.run("dev.destroy", "--yes")
        if engine == "compose":
            machine.remove_by_force(repo.token)


@pytest.fixture
def power_cuts() -> bool:
    return False
