"""Files that are not valid do not keep what runs from being seen, stopped and removed: the records are enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.small import MakeRoot, assert_works, running
from tests.verbs import machine
from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Repo

CONFLICT = "<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n"
BROKEN = {
    "dev.yaml": CONFLICT,
    "compose.yaml": CONFLICT,
    "dev.lock": CONFLICT,
    "tasks_local.py": CONFLICT,
    ".dev/local/env": "'\n",
}
REFUSED = ("commands: {test: 'true && true'}\n", "dev.yaml")  # earlier releases started a service with such a line


@contextmanager
def broken(repo: Repo, name: str, text: str) -> Iterator[None]:
    """The file begins with this text."""
    file = repo.path / name
    before = file.read_bytes() if file.exists() else None
    file.write_bytes(text.encode() + (before or b""))
    try:
        yield
    finally:
        file.unlink() if before is None else file.write_bytes(before)


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_what_runs_can_be_seen_stopped_and_removed(make_root: MakeRoot) -> None:
    shop = make_root("shop")
    for name, text in BROKEN.items():
        shop.ok("dev.up")
        assert_works(shop)
        with broken(shop, name, text):
            assert name in shop.fails(111, "dev.up").error
            status = shop.run("dev.status", "--json")
            assert status.code == (0 if name in ("dev.lock", "tasks_local.py") else 111)  # those are not needed
            assert status.json()["service"] == "shop"
            assert [each["service"] for each in status.json()["requires"]] == ["lms"]
            assert "shop" in shop.run("dev.status").stdout
            answer = shop.ok("dev.down", "--json").json()
            assert (answer["service"], answer["workspace"]) == ("shop", shop.token)
        assert running(shop) == []
    shop.ok("dev.up")
    assert_works(shop)
    with broken(shop, *REFUSED[::-1]):
        shop.fails(114, "dev.destroy")
        assert running(shop) != []
        said = shop.ok("dev.destroy", "--yes")
        assert "shop, lms" in said.stderr
    assert machine.left_by(shop.token, shop.path, shop.env["DEV_ENGINE"]) + running(shop) == []


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_what_another_one_uses_stays(make_root: MakeRoot) -> None:
    shop, site = make_root("shop"), make_root("site")
    for root in (shop, site):
        root.ok("dev.up")
    with broken(shop, "dev.yaml", CONFLICT):
        shop.ok("dev.down")
        assert_works(site)
        shop.ok("dev.destroy", "--yes")
        assert_works(site)
    site.ok("dev.destroy", "--yes")
    assert running(site) == []


def test_without_a_record_the_error_is_that_of_the_file(files: Repo) -> None:
    with broken(files, "dev.yaml", CONFLICT):
        for words in (["dev.down"], ["dev.status"], ["dev.destroy", "--yes"]):
            assert "dev.yaml" in files.fails(111, *words).error
