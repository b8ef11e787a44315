"""An edit of the source is served without any command; a checkout may be moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import until

from .conftest import Repo

pytestmark = pytest.mark.xdist_group("native")


def test_an_edit_is_live(repo: Repo) -> None:
    repo.up()
    urls = repo.root / "config/urls.py"
    kept = urls.read_text()
    urls.write_text(kept + 'urlpatterns.append(path("edited", health))\n')
    try:
        assert until(lambda: works(repo, "/edited"))
    finally:
        urls.write_text(kept)


def test_programs_of_the_environment_work_in_a_checkout_that_was_moved(repo: Repo) -> None:
    moved = replace(repo, root=repo.root.rename(repo.root.with_name("moved")))
    try:
        said = moved.ok("dev.run", "--", "pytest", "-VV")
    finally:
        moved.root.rename(repo.root)
    assert f"imported from {moved.root}/.dev/local/native/venv/" in said.stdout + said.stderr


def works(repo: Repo, path: str) -> bool:
    try:
        return repo.page(path)[0] == 200
    except OSError:
        return False
