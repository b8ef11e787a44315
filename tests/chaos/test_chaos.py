"""Rounds of chaos on each engine and database. driver.py says what a round is, and how one is repeated."""

from __future__ import annotations

import os
import random

import pytest

from tests.data import power

from .driver import Chaos

FEW, MANY = 20, 500
GIVEN = os.environ.get("CHAOS_SEED")
ROUNDS = int(os.environ.get("CHAOS_ROUNDS") or 0)
NO_POWER = pytest.mark.skipif(not power.is_possible(), reason="only root with loop devices can cut the power of a disk")


@pytest.mark.timeout(14400)
@pytest.mark.parametrize(
    ("engine", "rounds", "cuts"),
    [
        pytest.param("native", FEW, False, id="native-20"),
        pytest.param("native", MANY, True, id="native-500", marks=[pytest.mark.slow, NO_POWER]),
        pytest.param("compose", FEW, False, id="compose-20", marks=pytest.mark.engine),
        pytest.param("compose", MANY, False, id="compose-500", marks=[pytest.mark.engine, pytest.mark.slow]),
    ],
    indirect=["engine", "cuts"],
)
def test_rounds(chaos: Chaos, rounds: int) -> None:
    """A push repeats the same rounds, so that it is not refused for what it did not change; a night has new ones."""
    seed = int(GIVEN) if GIVEN else random.randrange(10**6) if rounds == MANY else 0
    chaos.prepare()
    for number in range(ROUNDS or rounds):
        print(f"round {number} of those from CHAOS_SEED={seed}")
        chaos.round(seed + number)
        print(*chaos.told, sep="\n")
