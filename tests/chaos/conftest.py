"""One service for all rounds of an engine and a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import need
from tests.data import power
from tests.verbs import machine
from tests.verbs.fixtures import engine  # noqa: F401

from . import service
from .driver import Chaos


@pytest.fixture(params=["postgres", "mysql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cuts(request: pytest.FixtureRequest) -> bool:
    """Whether the records and the data are on a disk that loses power."""
    return bool(getattr(request, "param", False))


@pytest.fixture
def chaos(bake: Callable[..., Path], tmp_path: Path, engine: str, database: str, cuts: bool) -> Iterator[Chaos]:  # noqa: F811
    """The service, up. Afterwards dev.destroy has to leave nothing."""
    if engine == "native" and database == "mysql":
        need("mariadbd", "mariadb-dump")
    repo = service.make(bake, tmp_path, engine, database)
    with ExitStack() as machines:
        disk = machines.enter_context(power.disk(tmp_path / "disk")) if cuts else None
        if disk:
            repo.env["XDG_STATE_HOME"] = str(disk.folder)
        try:
            repo.ok("dev.up")
            yield Chaos(repo, database, disk)
        finally:
            done = repo.run("dev.destroy", "--yes")
            left = machine.docker_things(repo.token) if engine == "compose" else machine.processes_below(tmp_path)
            if engine == "compose":
                machine.remove_by_force(repo.token)
    assert done.code == 0, f"dev.destroy ended with {done.code}:\n{done.stderr}"
    assert not left, f"dev.destroy left {left}"
