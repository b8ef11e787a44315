"""Repos for the tests of verbs and of faults: an own one, or one that runs and is shared."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.verbs import machine
from tests.verbs.repo import Done, Repo

# The same tests run on each engine. A test for one alone: @pytest.mark.parametrize("engine", COMPOSE, indirect=True)
COMPOSE = [pytest.param("compose", marks=pytest.mark.engine)]
ENGINES = [*COMPOSE, "native"]
# For minutes of work that tests/native does in seconds for its engine.
COMPOSE_FIRST = [*COMPOSE, pytest.param("native", marks=pytest.mark.slow)]
# For minutes of building images, where native takes part of one.
NATIVE_FIRST = [pytest.param("compose", marks=[pytest.mark.engine, pytest.mark.slow]), "native"]

MakeRepo = Callable[..., Repo]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_repo(bake: Callable[..., Path], free_port: int, engine: str) -> MakeRepo:
    """A generated repo, with a name and a port that nobody else has."""

    def make(stack: str = "django", into: Path | None = None, port: int = 0, **answers: str) -> Repo:
        token = f"t{uuid.uuid4().hex[:8]}"
        path = bake(stack, into=into, service=token, port=port or free_port, **answers)
        # A network of its own: `devenv-main` is everybody's on this machine.
        return Repo(path, token, {"DEV_ENGINE": engine, "DEV_NETWORK": f"devenv-{token}"})

    return make


@contextmanager
def removed_after(repo: Repo) -> Iterator[Repo]:
    """After the test, dev.destroy has to leave nothing behind, whatever the test did."""
    engine = repo.env["DEV_ENGINE"]
    try:
        yield repo
        repo.ok("dev.destroy", "--yes")
        left = machine.left_by(repo.token, repo.path, engine)
        assert not left, left
    finally:
        if engine == "compose":
            machine.remove_by_force(repo.token)


@pytest.fixture
def repo(make_repo: MakeRepo) -> Iterator[Repo]:
    """A repo of this test's own, not started."""
    with removed_after(make_repo()) as repo:
        yield repo


@pytest.fixture
def built_repo(repo: Repo, engine: str, request: pytest.FixtureRequest) -> Repo:
    """A repo of this test's own, not started, whose environment is there where that is a folder of it."""
    if engine == "native":
        request.getfixturevalue("link_environment")(repo.path)
    return repo


@pytest.fixture
def up_repo(built_repo: Repo) -> Repo:
    """A repo of this test's own, up."""
    built_repo.ok("dev.up")
    return built_repo


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Repo]]:
    """Services that stay up from test to test, one of each for each worker; gone after the last test."""
    repos: dict[str, Repo] = {}
    yield repos
    for repo in repos.values():
        with removed_after(repo):
            pass


@pytest.fixture(scope="session")
def first_ups() -> dict[str, Done]:
    """What the first dev.up of each kept service printed."""
    return {}


def keep_up(name: str, kept: dict[str, Repo], first_ups: dict[str, Done], make: Callable[[], Repo]) -> Repo:
    if name not in kept:
        kept[name] = make()
    done = kept[name].ok("dev.up")
    first_ups.setdefault(name, done)
    return kept[name]


@pytest.fixture
def running(
    engine: str,
    make_repo: MakeRepo,
    kept: dict[str, Repo],
    first_ups: dict[str, Done],
    tmp_path_factory: pytest.TempPathFactory,
) -> Repo:
    """The shared service, up. A test leaves its files as they were; it may stop it and change its rows."""
    return keep_up(engine, kept, first_ups, lambda: make_repo(into=tmp_path_factory.mktemp("running")))


@pytest.fixture
def first_up(running: Repo, engine: str, first_ups: dict[str, Done]) -> Done:
    """The first dev.up of the shared service."""
    return first_ups[engine]


@pytest.fixture
def listener() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]
