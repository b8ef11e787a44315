"""Rounds of chaos on each engine and database. driver.py says what a round is, and how one is repeated."""

from __future__ import annotations

import os
import random

import pytest

from .driver import Chaos

FEW, MANY = 20, 500
SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
ROUNDS = int(os.environ.get("CHAOS_ROUNDS") or 0)


@pytest.mark.timeout(14400)
@pytest.mark.parametrize("rounds", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_rounds(chaos: Chaos, rounds: int) -> None:
    chaos.prepare()
    for number in range(ROUNDS or rounds):
        print(f"round {number} of those from CHAOS_SEED={SEED}")
        chaos.round(SEED + number)
        print(*chaos.told, sep="\n")
