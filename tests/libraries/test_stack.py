"""A library that two services of examples/stack use: edited in both with one `dev.edit`, typed in the root."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import libs
from tests.conftest import need, until
from tests.examples import services
from tests.gitrepo import replace_text
from tests.verbs import machine
from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Repo, get

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(1800)]
# Seconds from the edit to the answers of both services, on a machine that does nothing else. On a busy one it takes
# longer by as much as there is more to do than there are cores.
SOON = 2
PATIENCE = 60
ROUTE = '    path("greeting", lambda request: HttpResponse(f"TEXT: {TEXT}")),\n    path("health", health),'


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return libs.python_library(tmp_path / "greeting")


@pytest.fixture
def shop(bake: Callable[..., Path], engine: str, tmp_path: Path, library: Path) -> Iterator[Repo]:
    """shop and what it requires, up: lms and shop answer with the text of the library's release."""
    need("node")
    made = {name: services.make(bake, name, tmp_path / "host") for name in services.SERVICES}
    for name in ("lms", "shop"):
        libs.use_released(made[name], library)
        urls = made[name] / "config/urls.py"
        replace_text(urls, "from django.urls", "from django.http import HttpResponse\nfrom django.urls")
        replace_text(
            urls, "from config.health import health", "from config.health import health\nfrom greeting import TEXT"
        )
        replace_text(urls, '    path("health", health),', ROUTE)
    for path in made.values():
        services.release(path, "v1.0.0")
    repo = services.workspace_of_its_own(made["shop"], engine)
    try:
        repo.ok("dev.up")
        yield repo
        repo.ok("dev.destroy", "--yes")
        left = machine.left_by(repo.token, tmp_path, engine)
        assert not left, left
    finally:
        if engine == "compose":
            machine.remove_by_force(repo.token)


def states(shop: Repo) -> dict[str, Any]:
    found = shop.status()
    return {"shop": found, **{answer["service"]: answer for answer in found["requires"]}}


def texts(shop: dict[str, Any]) -> set[str]:
    """What lms and shop answer with."""
    return {text(shop[name]["url"]) for name in ("lms", "shop")}


def seconds_until_both_say(word: str, library: Path, shop: dict[str, Any]) -> float:
    """How long an edit of one line takes to reach lms and shop."""
    began = time.monotonic()
    libs.say(library, word)
    assert until(lambda: texts(shop) == {f"TEXT: {word}"}, PATIENCE), texts(shop)
    return time.monotonic() - began


def text(url: str) -> str:
    try:
        return get(url, "/greeting")[1]
    except OSError:  # the server starts again
        return ""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_one_edit_reaches_both_services_and_both_are_back_after_dev_use(shop: Repo, library: Path) -> None:
    before = states(shop)
    assert texts(before) == {"TEXT: released"}
    done = shop.ok("dev.edit", "greeting", str(library), "--json")
    assert done.json()["services"] == ["shop", "lms"]
    said = done.stderr
    assert said.index("lms runs from source with reload, instead of lean, until") < said.index("make -s -C")
    now = states(shop)
    edited = {name: state["libraries"] for name, state in now.items()}
    assert edited == {"shop": {"greeting": str(library)}, "lms": {"greeting": str(library)}, "notes": {}}
    plan = shop.ok("dev.plan", "--json").json()
    assert {each["service"]: each["libraries"] for each in (plan, *plan["requires"])} == edited
    assert f"lms runs on library greeting from {library}" in shop.ok("dev.status").stdout

    took = [seconds_until_both_say(word, library, now) for word in ("one", "two", "edited again")]
    busy = max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert min(took) < SOON * busy, (took, busy)
    assert [libs.changed_files(Path(now[name]["checkout"])) for name in ("shop", "lms")] == ["?? dev.lock", ""]

    shop.ok("dev.down")
    assert {"start lms", "start notes"} <= {*shop.steps()}
    shop.ok("dev.up")
    assert texts(states(shop)) == {"TEXT: edited again"}, "it survives a stop"

    shop.ok("dev.use", "greeting", "--in", "shop")
    assert texts(now) == {"TEXT: released", "TEXT: edited again"}
    shop.ok("dev.use", "greeting")
    after = states(shop)
    assert texts(after) == {"TEXT: released"}
    assert after["lms"]["budget"] == before["lms"]["budget"], "lms is lean again"
    assert [libs.changed_files(Path(after[name]["checkout"])) for name in ("shop", "lms")] == ["?? dev.lock", ""]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_typed_in_a_required_service_it_is_for_that_one(shop: Repo, library: Path) -> None:
    lms = Repo(shop.path.parent / "lms", shop.token, shop.env)
    shop.ok("dev.edit", "lms")
    before = libs.changed_files(lms.path)
    libs.say(library, "edited")
    lms.ok("dev.edit", "greeting", "../../greeting")
    now = states(shop)
    assert {name: state["libraries"] for name, state in now.items()} == {
        "shop": {},
        "lms": {"greeting": str(library)},
        "notes": {},
    }
    assert (text(now["shop"]["url"]), text(now["lms"]["url"])) == ("TEXT: released", "TEXT: edited")
    lms.ok("dev.use", "greeting")
    assert texts(states(shop)) == {"TEXT: released"}
    assert libs.changed_files(lms.path) == before
    lms.ok("dev.destroy", "--yes", "--only")
