"""Services that need each other, when things happen at once or end halfway: the next dev.up repairs it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable

import pytest

from tests.faults.small import MakeRoot, assert_works, follow, gone_after, in_workspace, required, running
from tests.messages import TAKEN_BY
from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Repo, end

# ---- at once


def test_two_roots_that_start_at_once_share_one_provider(make_root: MakeRoot) -> None:
    shop, site = make_root("shop"), make_root("site")
    with gone_after(shop, site):
        ups = [root.start("dev.up") for root in (shop, site)]
        said = [up.communicate() for up in ups]
        assert [up.returncode for up in ups] == [0, 0], said
        assert_works(shop)
        assert_works(site)
        assert len([words for words in running(shop) if "lms.py serve" in words]) == 1
        shop.ok("dev.down")
        assert_works(site)
        site.ok("dev.down")
        assert running(shop) == []


# ---- halfway


PLACES = {
    "while the provider is fetched": "fetching ",
    "after dev.lock was written": "shop requires lms",
    "while the provider starts": r"\$ make .* dev\.up ",
    "between the provider and the wiring": "  lms: healthy",
    "while the consumer starts": r"\$ (python shop\.py|docker compose .* up )",
}


# In every run where most is half done: nothing of the consumer, all of the provider. The other places in test-all.
OFTEN = ("between the provider and the wiring", "group")
KILLS = [("alone", os.kill), ("group", os.killpg)]
KILLED = [
    pytest.param(place, kill, id=f"{place}, {name}", marks=[] if (place, name) == OFTEN else pytest.mark.slow)
    for place in PLACES
    for name, kill in KILLS
]


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize(("place", "kill"), KILLED)
def test_up_killed(make_root: MakeRoot, place: str, kill: Callable[[int, int], None]) -> None:
    shop = make_root("shop")
    with gone_after(shop):
        kill_up(shop, re.compile(PLACES[place]), kill)
        shop.ok("dev.up")
        assert_works(shop)


def kill_up(root: Repo, place: re.Pattern[str], kill: Callable[[int, int], None]) -> None:
    """Start dev.up and kill it as soon as it prints this."""
    process = root.start("dev.up")
    assert any(place.match(line) for line in process.stderr), "dev.up ended before this place"
    end(process, kill)


# ---- recreated data


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_provider_that_was_reset_is_told_of_its_consumer_again(make_root: MakeRoot) -> None:
    shop = make_root("shop")
    with gone_after(shop):
        shop.ok("dev.up")
        assert_works(shop)
        required(shop).ok("dev.reset")
        assert shop.fetch("/") == (200, "lms knows nobody")
        shop.ok("dev.up")
        assert_works(shop)


# ---- a port that is not ours any more


@pytest.mark.slow
def test_a_port_of_the_provider_that_was_taken_meanwhile(make_root: MakeRoot) -> None:
    shop = make_root("shop")
    there = in_workspace(shop, f"{shop.token}-2")
    with gone_after(shop, there):
        shop.ok("dev.up")
        port = int(shop.status()["requires"][0]["url"].rpartition(":")[2])
        shop.ok("dev.down")
        with socket.create_server(("127.0.0.1", port)):
            done = shop.fails(113, "dev.up")
            assert f"lms: port {port} {TAKEN_BY} " in done.error
            follow(shop, done, "inv dev.up")
            assert_works(there)
        shop.ok("dev.up")
        assert_works(shop)
