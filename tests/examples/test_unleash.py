"""Unleash from its registry: 374 migrations, a seed that needs the running server, an image without Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import need
from tests.examples import services
from tests.verbs.fixtures import removed_after
from tests.verbs.repo import Repo, elsewhere, get

EVERYTHING = """
    SELECT 'flag', name FROM features UNION ALL SELECT 'event', id::text FROM events
    UNION ALL SELECT 'strategy', id FROM feature_strategies UNION ALL SELECT 'user', username FROM users
    ORDER BY 1, 2
"""

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]  # wagtail is in every run


@pytest.fixture
def unleash(bake: Callable[..., Path], engine: str) -> Repo:
    """The example laid over a fresh tree of the stack bare, in a workspace of this test's own."""
    if engine == "native":
        need("node")
    return services.workspace_of_its_own(services.laid_over_bare(bake, "unleash", 18190), engine)


def test_unleash_from_nothing_to_its_pages_and_away_again(unleash: Repo) -> None:
    with removed_after(unleash):
        first = unleash.ok("dev.up", "--json").json()
        kinds = [step.partition(" ")[0] for step in first["steps"]]
        assert kinds == ["build", "start", "migrate", "start", "seed"], "the seed needs the server"
        assert first["outputs"] == {"default": {"flags": 3}}
        assert unleash.rows("SELECT count(*) FROM migrations") == ["374"]
        status, page = unleash.fetch("/login")
        assert (status, "<title>Unleash</title>" in page) == (200, True)
        assert get(elsewhere(first["url"]))[0] == 400
        before = unleash.rows(EVERYTHING)
        assert unleash.ok("dev.seed").json() == {"flags": 3}
        assert unleash.rows(EVERYTHING) == before
        assert unleash.ok("dev.up").commands == []
        assert "pass 3" in unleash.ok("dev.test").stdout


def test_a_reset_leaves_what_the_server_makes_when_it_starts(unleash: Repo) -> None:
    with removed_after(unleash):
        unleash.ok("dev.up")
        assert unleash.ok("dev.seed", "many", "-p", "flags=12").json() == {"flags": 15}
        unleash.ok("dev.migrate")
        unleash.ok("dev.down")
        unleash.ok("dev.reset")
        assert unleash.rows("SELECT username FROM users WHERE username = 'admin'") == ["admin"]
        assert unleash.rows("SELECT name FROM features ORDER BY 1") == ["beta-search", "dark-mode", "new-checkout"]
        assert unleash.steps() == []
        unleash.env["DEV_LEAN"] = "1"
        unleash.ok("dev.up")
        assert unleash.fetch("/ready") == (200, '{"health":"GOOD"}')
        assert unleash.ok("dev.seed").json() == {"flags": 3}
