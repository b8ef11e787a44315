"""Two roots of one workspace that pin different versions of what they share: nobody's provider is switched unasked."""

from __future__ import annotations

import shutil
import signal

import pytest

from tests.examples import services
from tests.faults.small import MakeRoot, assert_works, follow, gone_after, in_workspace, required, running
from tests.verbs.repo import Done, Repo

pytestmark = pytest.mark.parametrize("engine", ["native"], indirect=True)
SECOND = "the second lms"


@pytest.fixture
def shop(make_root: MakeRoot) -> Repo:
    return make_root("shop")


@pytest.fixture
def site(make_root: MakeRoot, shop: Repo) -> Repo:
    """Another root, which wants the second lms."""
    return make_root("site", version="v2.0.0")


def refused(root: Repo, other: Repo) -> Done:
    """dev.up of a root, which has to leave another one's provider alone."""
    done = root.fails(113, "dev.up")
    assert_works(other)
    return done


def test_it_says_who_runs_which_version_and_each_hint_settles_it(shop: Repo, site: Repo) -> None:
    with gone_after(shop, site):
        shop.ok("dev.up")
        done = refused(site, shop)
        assert f"lms runs once in workspace {shop.token}: {shop.path} is up and wants v1.0.0," in done.error
        assert f", {site.path} wants v2.0.0 (" in done.error
        follow(site, done, "inv dev.use")
        site.ok("dev.up")
        assert_works(site)
        assert_works(shop)
        site.ok("dev.down")
        assert site.fails(113, "dev.use", "lms").error == done.error, "back to its own, while the other one is up"
        assert site.ok("dev.plan").stdout.count("v1.0.0"), "which leaves the choice as it was"
        shop.ok("dev.down")
        site.ok("dev.use", "lms")
        site.ok("dev.up")
        assert_works(site, SECOND)
        follow(shop, shop.fails(113, "dev.up"), "make ")
        assert running(site) == []
        shop.ok("dev.up")
        assert_works(shop)


@pytest.mark.slow
def test_another_workspace_is_another_lms(shop: Repo, site: Repo) -> None:
    with gone_after(shop, site):
        shop.ok("dev.up")
        done = refused(site, shop)
        there = in_workspace(site, f"{site.token}-2")
        with gone_after(there):
            follow(site, done, "inv dev.up --workspace ")
            assert_works(there, SECOND)
            assert_works(shop)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stopped alone", "its folder is gone"])
def test_a_root_that_is_not_up_any_more_blocks_no_other(shop: Repo, site: Repo, how: str) -> None:
    with gone_after(site):
        shop.ok("dev.up")
        if how == "stopped alone":
            shop.ok("dev.down", "--only")
        else:
            shop.ok("dev.destroy", "--yes", "--only")
            shutil.rmtree(shop.path)
        said = site.ok("dev.up").stderr
        assert ("is not up any more" in said) == (how == "stopped alone")
        assert_works(site, SECOND)
        site.ok("dev.down")
        assert running(site) == [], "a root that is not up does not count as a user"
        if shop.path.exists():
            shop.ok("dev.destroy", "--yes", "--only")


@pytest.mark.slow
def test_the_same_commit_by_another_name_is_the_same(shop: Repo, site: Repo) -> None:
    lms = shop.path.parent / "lms"
    services.git(lms, "tag", "first", "v1.0.0")
    site.edit("dev.yaml", "v2.0.0", "first")
    with gone_after(shop, site):
        shop.ok("dev.up")
        site.ok("dev.up")
        assert_works(shop)
        assert_works(site)


@pytest.mark.slow
def test_while_the_other_one_is_coming_up(shop: Repo, site: Repo) -> None:
    with gone_after(shop, site):
        coming = shop.start("dev.up")
        assert any(line.startswith("  lms: healthy") for line in coming.stderr)
        coming.send_signal(signal.SIGSTOP)  # nothing of its own runs yet
        assert "is up and wants v1.0.0" in site.fails(113, "dev.up").error
        coming.send_signal(signal.SIGCONT)
        coming.communicate()
        assert coming.returncode == 0
        assert_works(shop)


@pytest.mark.slow
def test_an_edited_one_is_shared_by_both(shop: Repo, site: Repo) -> None:
    with gone_after(shop, site):
        shop.ok("dev.up")
        shop.ok("dev.edit", "lms")
        site.ok("dev.up")
        assert_works(site, SECOND)
        assert_works(shop, SECOND)
        assert "is up and wants v1.0.0" in site.fails(113, "dev.use", "lms").error
        site.ok("dev.down")
        shop.ok("dev.use", "lms")
        assert_works(shop)
        assert required(shop).path != shop.path.parent / "lms"
        # Ended by the way that the root has: the source checkout keeps its data until someone says so over there.
        Repo(shop.path.parent / "lms", shop.token, shop.env).run("dev.down")


def test_a_provider_that_was_started_in_its_own_checkout(shop: Repo) -> None:
    lms = Repo(shop.path.parent / "lms", shop.token, shop.env)
    with gone_after(shop):
        lms.ok("dev.up")
        done = shop.fails(113, "dev.up")
        assert f"{lms.path} is up and wants source" in done.error
        follow(shop, done, "inv dev.edit lms")
        shop.ok("dev.up")
        assert_works(shop, SECOND)
        lms.ok("dev.destroy", "--yes", "--only")
