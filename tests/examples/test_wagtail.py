"""Wagtail from its registry: 184 migrations, pages that people read, an admin that editors use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import services
from tests.messages import NOTHING_TO_DO
from tests.verbs.fixtures import NATIVE_FIRST, removed_after
from tests.verbs.repo import DOORS, Repo

pytestmark = [pytest.mark.timeout(600), pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)]


@pytest.fixture
def wagtail(bake: Callable[..., Path], engine: str) -> Repo:
    """The example laid over a fresh tree of the stack bare, in a workspace of this test's own."""
    return services.workspace_of_its_own(services.laid_over_bare(bake, "wagtail", 18170), engine)


def test_wagtail_from_nothing_to_its_pages_and_away_again(wagtail: Repo) -> None:
    with removed_after(wagtail):
        url = wagtail.ok("dev.up", door="inv").stdout.strip()
        assert url.startswith(("http://wagtail.localhost:", "http://localhost:"))  # as the system resolves names
        assert_home_page_shows_the_seeded_posts(wagtail)
        status, login = wagtail.fetch("/admin/login/")
        assert (status, "Sign in" in login, 'name="password"' in login) == (200, True, True)
        assert wagtail.ok("dev.seed", "blog", "-p", "posts=12").json() == {"users": 3, "posts": 12}
        assert "This is post 12." in wagtail.fetch("/blog/post-12/")[1]
        again = wagtail.ok("dev.up", door="make")
        assert again.commands == []
        assert [login["name"] for login in wagtail.status()["logins"]] == ["admin", "moderator", "editor"]
        assert wagtail.rows("SELECT count(*) >= 180 FROM django_migrations") == ["t"]


def assert_home_page_shows_the_seeded_posts(wagtail: Repo) -> None:
    status, page = wagtail.fetch("/")
    assert status == 200
    assert "The Daily Wagtail" in page
    assert "Behind the scenes 5" in page
    assert 'href="/blog/post-5/"' in page


@pytest.mark.slow
def test_every_verb_works_through_each_door(wagtail: Repo) -> None:
    with removed_after(wagtail):
        for door in DOORS:
            wagtail.ok("dev.up", door=door)
            wagtail.ok("dev.migrate", door=door)
            wagtail.ok("dev.reset", door=door)
            assert '"posts": 5' in wagtail.ok("dev.seed", door=door).stdout
            assert_home_page_shows_the_seeded_posts(wagtail)
            assert "wagtail.localhost" in wagtail.ok("dev.status", door=door).stdout
            assert NOTHING_TO_DO in wagtail.ok("dev.plan", door=door).stdout
            assert "WRONG" not in wagtail.ok("dev.doctor", door=door).stdout
            assert "GET /" in wagtail.ok("dev.logs", "-s", "app", door=door).stdout
            assert wagtail.ok("dev.shell", door=door, stdin="echo inside\n").stdout == "inside\n"
            assert wagtail.ok("dev.run", "--", "echo", "ran", door=door).stdout == "ran\n"
            assert wagtail.ok("dev.dbshell", "--", "-qAtc", "SELECT 42", door=door).stdout == "42\n"
            assert "passed" in wagtail.ok("dev.test", door=door).stdout
            wagtail.ok("dev.down", door=door)
