"""From the source of a published application to a healthy service: its owner fills in what was listed, no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.examples.services import workspace_of_its_own
from tests.verbs.fixtures import removed_after
from tests.verbs.repo import Repo, get

from . import apps
from .apps import App
from .conftest import Source, commit, git, listed
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


def on_each_engine() -> Iterator[Any]:
    """The first one natively in every run."""
    for adopted in ADOPTED:
        name = adopted.app.name
        seldom = [pytest.mark.slow] if adopted is not ADOPTED[0] else []
        yield pytest.param("native", adopted, marks=seldom, id=f"native-{name}")
        yield pytest.param("compose", adopted, marks=[pytest.mark.engine, pytest.mark.slow], id=f"compose-{name}")


@pytest.mark.parametrize(("engine", "adopted"), list(on_each_engine()), indirect=["engine"])
def test_from_its_source_to_a_healthy_service(history: Path, source: Source, engine: str, adopted: Adopted) -> None:
    path = source(adopted.app)
    said = retrofit(history, path)
    places = listed(said)
    assert len(places) == len(adopted.fills) <= 5, said
    for file in {place.split(":")[0] for place in places}:
        fill_in(path / file, adopted.fills)
    assert_only_points_changed(path, adopted.fills)
    commit(path, "what only its owner knows")
    with removed_after(workspace_of_its_own(path, engine)) as repo:
        repo.ok("dev.up")
        assert get(repo.status()["url"], adopted.page)[0] == 200
        assert repo.status()["healthy"]
        repo.ok("dev.reset")
        lean = Repo(path, repo.token, {**repo.env, "DEV_LEAN": "1"})
        lean.ok("dev.up")
        assert get(lean.status()["url"], adopted.page)[0] == 200


def fill_in(page: Path, fills: dict[str, str]) -> None:
    lines = page.read_text().splitlines(keepends=True)
    page.write_text("".join(fills.get(line.rstrip("\n"), line.rstrip("\n")) + "\n" for line in lines))


def assert_only_points_changed(path: Path, fills: dict[str, str]) -> None:
    diff = git(path, "diff", "--unified=0").splitlines()
    removed = {line[1:] for line in diff if line.startswith("-") and not line.startswith("---")}
    added = {line[1:] for line in diff if line.startswith("+") and not line.startswith("+++")}
    assert (removed, added) == (set(fills), set(fills.values()))
