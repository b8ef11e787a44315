"""pretalx from its registry: demo data that can be made once only, by a command that lies in its exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import services
from tests.messages import CHECK_FINDS_NO_DATA
from tests.verbs.fixtures import ENGINES, removed_after
from tests.verbs.repo import Repo, elsewhere, get

EVERYTHING = """
    SELECT 'talk', code, state FROM submission_submission UNION ALL SELECT 'user', email, password FROM person_user
    UNION ALL SELECT 'mail', id::text, subject FROM mail_queuedmail ORDER BY 1, 2, 3
"""

pytestmark = [
    pytest.mark.slow,  # wagtail, another application of Django's, is in every run
    pytest.mark.timeout(900),
    pytest.mark.parametrize("engine", ENGINES, indirect=True),
]


@pytest.fixture
def pretalx(bake: Callable[..., Path], engine: str) -> Repo:
    """The example laid over a fresh tree of the stack bare, in a workspace of this test's own."""
    return services.workspace_of_its_own(services.laid_over_bare(bake, "pretalx", 18191), engine)


def test_pretalx_from_nothing_to_its_pages_and_away_again(pretalx: Repo) -> None:
    with removed_after(pretalx):
        first = pretalx.ok("dev.up", "--json").json()
        assert first["outputs"] == {"default": {"talks": 64, "users": 42}}
        assert pretalx.rows("SELECT count(*) FROM django_migrations") == ["219"]
        for path in ("/democon/", "/democon/schedule/", "/democon/talk/"):
            status, page = pretalx.fetch(path)
            assert (status, "DemoCon" in page) == (200, True), path
        assert get(elsewhere(first["url"]))[0] == 400
        before = pretalx.rows(EVERYTHING)
        again = pretalx.ok("dev.seed")
        assert (again.json(), again.commands) == ({"talks": 64, "users": 42}, [])
        assert "default ran on this data already" in again.stderr
        assert pretalx.rows(EVERYTHING) == before
        assert pretalx.ok("dev.up").commands == []
        assert "6 passed" in pretalx.ok("dev.test").stdout
        if pretalx.env["DEV_ENGINE"] == "native":  # in a container nobody can take a package away
            assert_a_lie_is_caught(pretalx)


def assert_a_lie_is_caught(pretalx: Repo) -> None:
    """Without freezegun, create_test_event says what it lacks, makes nothing, and ends with 0."""
    pretalx.ok("dev.run", "--", "uv", "pip", "uninstall", "freezegun")
    done = pretalx.fails(1, "dev.seed", "event")
    assert f"scenario event {CHECK_FINDS_NO_DATA}" in done.error
    assert "the event nextcon has no talks" in done.stderr


def test_demo_data_that_was_not_made_is_not_a_success(pretalx: Repo) -> None:
    """Without freezegun, create_test_event says what it lacks, makes nothing, and ends with 0."""
    pretalx.edit("dev.yaml", "uv sync --locked", "uv sync --locked --no-dev")
    pretalx.edit("Dockerfile", "HOME=/root uv sync --locked\n", "HOME=/root uv sync --locked --no-dev\n")
    with removed_after(pretalx):
        done = pretalx.fails(112, "dev.up")
        assert f"scenario default {CHECK_FINDS_NO_DATA}" in done.error
        assert "the event democon has no talks" in done.stderr
