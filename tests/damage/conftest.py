"""A root with one required service without containers, on a machine of their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.examples import services
from tests.faults.small import LMS, NEEDS, PROVIDES, SHOP, running, write
from tests.verbs.repo import Repo

Folders = dict[str, Path]
STATE, CACHE, ROOT = "state", "cache", "root"
HOME = "home"  # of all records


@pytest.fixture(scope="session")
def kept() -> Iterator[list[Repo]]:
    """The stack is made once: whatever a test damages, the next one starts from what dev.up made of it."""
    made: list[Repo] = []
    yield made
    for shop in made:
        done = shop.run("dev.destroy", "--yes")
        assert (done.code, running(shop)) == (0, []), done.stderr


@pytest.fixture
def shop(kept: list[Repo], bake: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The root, up."""
    if not kept:
        folder = tmp_path_factory.mktemp("damage")
        lms = write(bake, folder, "lms", "python lms.py serve", PROVIDES, LMS)
        services.release(lms, "v1.0.0")
        path = write(bake, folder, "shop", "python shop.py", NEEDS.format(service="shop", version="v1.0.0"), SHOP)
        services.release(path, "v1.0.0")
        machine = {f"XDG_{kind.upper()}_HOME": str(folder / kind) for kind in (STATE, CACHE)}
        token = f"t{uuid.uuid4().hex[:8]}"
        kept.append(Repo(path, token, {"DEV_ENGINE": "native", "DEV_WORKSPACE": token, **machine}))
    kept[0].ok("dev.up")
    return kept[0]


@pytest.fixture
def folders(shop: Repo) -> Folders:
    """Where its records, its caches and its repository are."""
    below = shop.path.parent
    records = below / "state/devenv/v1"
    return {HOME: records, STATE: records / shop.token, CACHE: below / "cache/devenv", ROOT: shop.path}
