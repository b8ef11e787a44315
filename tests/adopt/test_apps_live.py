"""From the source of a published application to a healthy service: its owner fills in what was listed, no more."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.verbs.repo import Repo, get

from . import apps
from .apps import App
from .conftest import Source, commit, git
from .test_retrofit import retrofit


@dataclass(frozen=True)
class Adopted:
    """`fills`: what the owner writes for each open point, the line as it stands → as written. `page`: what works."""

    app: App
    fills: dict[str, str]
    page: str


JWT = "      # JWT_SECRET_KEY: development-only"
ADOPTED = [
    Adopted(apps.HTTPBIN, {}, "/status/200"),
    Adopted(apps.FITTRACKEE, {}, "/api/config"),
    Adopted(apps.FRACTAL, {JWT: JWT.replace("# ", "")}, "/api/alive/"),
]
ENGINES = [pytest.param("native", id="native"), pytest.param("compose", id="compose", marks=pytest.mark.engine)]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def started(engine: str) -> Iterator[Callable[[Path], Repo]]:
    """started(path) → after `dev.up`, in a workspace of its own; destroyed afterwards."""
    token = f"t{uuid.uuid4().hex[:8]}"
    repos: list[Repo] = []

    def start(path: Path) -> Repo:
        repos.append(Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token}))
        up = repos[-1].run("dev.up")
        assert up.code == 0, up.stderr
        return repos[-1]

    yield start
    for repo in repos:
        repo.run("dev.destroy", "--yes")


@pytest.mark.parametrize("adopted", ADOPTED, ids=lambda adopted: adopted.app.name)
def test_from_its_source_to_a_healthy_service(
    history: Path, source: Source, started: Callable[[Path], Repo], adopted: Adopted
) -> None:
    path = source(adopted.app)
    said = retrofit(history, path)
    listed = [line for line in said.partition("To fill in\n")[2].partition("\n\n")[0].splitlines() if line[2] != " "]
    assert len(listed) == len(adopted.fills) <= 5, said
    for file in {line.split(":")[0].strip() for line in listed}:
        fill_in(path / file, adopted.fills)
    assert_only_points_changed(path, adopted.fills)
    commit(path, "what only its owner knows")
    repo = started(path)
    assert get(repo.status()["url"], adopted.page)[0] == 200
    assert repo.status()["healthy"]
    reset = repo.run("dev.reset")
    assert reset.code == 0, reset.stderr
    lean = Repo(path, repo.token, {**repo.env, "DEV_LEAN": "1"})
    up = lean.run("dev.up")
    assert up.code == 0, up.stderr
    assert get(lean.status()["url"], adopted.page)[0] == 200


def fill_in(page: Path, fills: dict[str, str]) -> None:
    lines = page.read_text().splitlines(keepends=True)
    page.write_text("".join(fills.get(line.rstrip("\n"), line.rstrip("\n")) + "\n" for line in lines))


def assert_only_points_changed(path: Path, fills: dict[str, str]) -> None:
    diff = git(path, "diff", "--unified=0").splitlines()
    removed = {line[1:] for line in diff if line.startswith("-") and not line.startswith("---")}
    added = {line[1:] for line in diff if line.startswith("+") and not line.startswith("+++")}
    assert (removed, added) == (set(fills), set(fills.values()))
