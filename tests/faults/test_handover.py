"""dev.edit and dev.use, typed in any checkout that takes part: the root that drives it carries them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.examples import services
from tests.faults.small import MakeRoot, assert_works, gone_after, write
from tests.messages import DID_YOU_MEAN, NOT_REQUIRED
from tests.verbs.repo import Repo

pytestmark = pytest.mark.parametrize("engine", ["native"], indirect=True)
NOTES = """
import http.server, os

address = (os.environ["BIND"], int(os.environ["PORT"]))
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""
CONFIG = "native: {python: '>=3.9'}\n"
REQUIRES = "  notes: {repo: ../notes, version: v1.0.0}\n"


@pytest.fixture
def notes(bake: Callable[..., Path], make_root: MakeRoot, tmp_path: Path) -> Repo:
    """A checkout of a service that requires nothing. Its tasks choose the workspace as they do for a person."""
    path = write(bake, tmp_path, "notes", "python notes.py", CONFIG, NOTES)
    services.release(path, "v1.0.0")
    (path / "deep" / "below").mkdir(parents=True)
    return Repo(path, "", {})


@pytest.fixture
def shop(make_root: MakeRoot, notes: Repo) -> Iterator[Repo]:
    """A root that requires both, up, with notes edited."""
    shop = make_root("shop")
    shop.append("dev.yaml", REQUIRES)
    with gone_after(shop):
        shop.ok("dev.up")
        shop.ok("dev.edit", "notes")
        notes.ok("dev.status")
        yield shop
        shop.ok("dev.use", "notes")  # else its data stays, as that of all that is edited


def lms_of(shop: Repo) -> str:
    """Which lms runs for the root, in a word."""
    found = {answer["service"]: answer for answer in shop.status()["requires"]}
    assert all(answer["healthy"] for answer in found.values()), found
    return str(found["lms"]["runs"].split()[0])


@pytest.mark.slow
def test_from_any_folder_of_a_checkout_that_requires_nothing(shop: Repo, notes: Repo) -> None:
    beside = shop.path.parent
    done = notes.ok("dev.edit", "lms")
    assert done.stdout.strip() == str(beside / "lms")
    assert f"notes runs in the stack of {shop.path}, which carries this out:" in done.stderr
    assert f"{shop.path}/.dev/run dev.edit lms --workspace {shop.token}" in done.commands
    assert lms_of(shop) == "source"
    notes.ok("dev.use", "lms=v2.0.0", door="make")
    assert lms_of(shop) == "v2.0.0"
    assert_works(shop, "the second lms")
    below = notes.path / "deep" / "below"
    mine = notes.ok("dev.edit", "lms", "../../../mine", door="inv", cwd=below).stdout.strip()
    assert mine == str(beside / "mine"), "a path starts where it was typed"
    assert lms_of(shop) == "source"
    notes.ok("dev.use", "lms", cwd=beside)
    shop.ok("dev.use", "notes")
    notes.env["DEV_WORKSPACE"] = shop.token  # it runs from elsewhere, so nothing says which one is meant
    assert notes.ok("dev.edit", "notes").stdout.strip() == str(notes.path), "its own name means this checkout"


def test_of_several_roots_that_are_up_each_is_named(shop: Repo, notes: Repo, make_root: MakeRoot) -> None:
    unknown = notes.fails(2, "dev.edit", "lsm")
    assert unknown.error == f"error[2]: shop {NOT_REQUIRED} lsm", "which knows best"
    assert unknown.hints[0].startswith(f"{DID_YOU_MEAN} lms? allowed: lms, notes,")
    site = make_root("site")
    site.append("dev.yaml", REQUIRES)
    site.ok("dev.up")
    done = notes.fails(113, "dev.edit", "lms")
    assert done.hints == [f"{r.path}/.dev/run dev.edit lms --workspace {shop.token}" for r in (shop, site)]
    site.ok("dev.down", "--only")
    notes.ok("dev.use", "lms=v2.0.0")
    assert lms_of(shop) == "v2.0.0"
    site.ok("dev.destroy", "--yes")
