"""What `make soak` calls growth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from maintain import soak

NAMED, ON_SERVER = "states of `dev.state list`", "databases on the server"
USUAL = {NAMED: 3.0, ON_SERVER: 5.0, "images": 2.0, "our files of state": 30.0, "MB in .dev/local": 89.5}
Values = Callable[[int], float]


def run(cycles: int = 9, **changed: Values) -> list[str]:
    """What grows in a run where these things are as the functions say, after each cycle."""
    names = {"images": "images", "files": "our files of state", "states": NAMED, "databases": ON_SERVER}
    made = [{**USUAL, **{names[key]: value(cycle) for key, value in changed.items()}} for cycle in range(cycles)]
    return soak.growing(made, made[0])


def test_what_stays_does_not_grow() -> None:
    assert run() == []


@pytest.mark.parametrize("each", [1, 2, 50])
def test_what_each_cycle_adds_grows(each: int) -> None:
    assert run(images=lambda cycle: 2.0 + each * cycle) == [f"images ({2 + 3 * each} to {2 + 8 * each})"]


def test_what_fills_up_to_a_limit_does_not_grow() -> None:
    assert run(files=lambda cycle: min(100.0, 30.0 + 20 * cycle)) == []


def test_what_comes_and_goes_does_not_grow() -> None:
    assert run(images=lambda cycle: 2.0 + cycle % 2) == []


def test_data_may_grow_while_it_is_named() -> None:
    assert run(states=lambda cycle: 3.0 + cycle, databases=lambda cycle: 5.0 + cycle) == []
    assert run(databases=lambda cycle: 5.0 + cycle) == ["databases that `dev.state list` does not name"]


def test_what_prune_leaves_is_reported() -> None:
    assert soak.growing([USUAL] * 3, {**USUAL, ON_SERVER: 6.0}) == ["databases that `dev.state prune --all` leaves"]
