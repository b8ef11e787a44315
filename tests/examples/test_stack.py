"""Three repositories that need each other: one dev.up, and a login in a real browser."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.examples import services
from tests.examples.releases import assert_older_lacks_what_newer_uses
from tests.gitrepo import git
from tests.verbs.fixtures import NATIVE_FIRST, removed_after
from tests.verbs.repo import Repo, elsewhere, get

OLDER = "notes"  # stays on the first release of the template; the others are on the newest

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]


@pytest.fixture
def shop(
    bake: Callable[..., Path], template: Path, older_template: Path, engine: str, tmp_path: Path, free_port: int
) -> Repo:
    """The three as git repositories side by side, each with the tag that the others ask for."""
    need("chromium", "chromedriver", "node")
    for service in services.SERVICES:
        path = services.make(bake, service, tmp_path, made_by=older_template if service == OLDER else template)
        if service == "lms":  # nobody answers there, so it is built
            with (path / "dev.yaml").open("a") as stream:
                stream.write(f'image: "127.0.0.1:{free_port}/lms:{{version}}"\n')
        services.release(path, "v1.0.0")
    assert_older_lacks_what_newer_uses(tmp_path / OLDER, tmp_path / "lms")
    return services.workspace_of_its_own(tmp_path / "shop", engine)


def test_their_reloader_is_that_of_new_services(bake: Callable[..., Path]) -> None:
    new = (bake("django", worker="none", cache="none") / "develop.py").read_text()
    last = '    "django.views.debug",\n'
    theirs = new.replace(last, last + '    "jwcrypto.jwt",\n    "oauthlib.openid",\n    "requests",\n')
    assert {(services.STACK / name / "develop.py").read_text() for name in ("provider", "consumer")} == {theirs}


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_one_up_and_a_login_across_three_repositories(shop: Repo) -> None:
    with removed_after(shop):
        url = shop.ok("dev.up").stdout.strip()
        required = {answer["service"]: answer for answer in shop.status()["requires"]}
        assert {name: answer["healthy"] for name, answer in required.items()} == {"lms": True, "notes": True}
        assert "lms" in (shop.path / "dev.lock").read_text()
        assert f"commit: {record(shop, 'lms')['commit']}\n" in (shop.path / "dev.lock").read_text()
        assert record(shop, "shop")["commit"] == "", "this one is somebody's to edit"
        services.assert_login_works(url)
        for each in (url, *(answer["url"] for answer in required.values())):
            assert get(elsewhere(each))[0] == 400, each
        shop.ok("dev.down")
        assert not any(answer["healthy"] for answer in shop.status()["requires"])


def record(shop: Repo, service: str) -> dict[str, Any]:
    """What the machine's state says of a service, as CONTRACT.md lays it down."""
    folder = Path(os.environ["XDG_STATE_HOME"], "devenv", "v1", shop.token)
    return dict(json.loads((folder / f"{service}.json").read_text()))


@pytest.fixture
def two(bake: Callable[..., Path], engine: str, tmp_path: Path) -> tuple[Repo, Repo]:
    """A checkout of shop and a worktree beside it, each in a workspace of its own; all on the newest release."""
    need("chromium", "chromedriver", "node")
    for service in services.SERVICES:
        services.release(services.make(bake, service, tmp_path), "v1.0.0")
    git(tmp_path / "shop", "worktree", "add", "-q", str(tmp_path / "fix-for-shop"))
    return services.workspace_of_its_own(tmp_path / "shop", engine), services.workspace_of_its_own(
        tmp_path / "fix-for-shop", engine
    )


@pytest.mark.slow
def test_a_login_in_two_workspaces_at_once(two: tuple[Repo, Repo]) -> None:
    """Both start at the same moment, from the same pinned checkouts of the others."""
    first, second = two
    with removed_after(first), removed_after(second):
        ups = [shop.start("dev.up") for shop in two]
        said = [up.communicate() for up in ups]
        assert [up.returncode for up in ups] == [0, 0], said
        urls = [stdout.strip() for stdout, _ in said]
        assert len(set(urls)) == 2
        for url in urls:
            services.assert_login_works(url)
        first.rows("DELETE FROM auth_user")  # each login made a user of its own shop
        assert second.rows("SELECT count(*) FROM auth_user") == ["1"]
