"""An edit of the source is served without any command."""

from __future__ import annotations

import pytest

from .conftest import Repo, until

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


def works(repo: Repo, path: str) -> bool:
    try:
        return repo.page(path)[0] == 200
    except OSError:
        return False
