"""The disk that stored states take: what each takes, what may go, and a word before there is none left."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.base import output, records
from devenv.context.environment import Environment
from devenv.datastates import store, swap
from devenv.datastates.store import BUILT, State

BUDGET = 5 * 2**30  # bytes, where `budget.states` says nothing else
SPARE = 500 * 2**20  # bytes that the rest of the machine needs


def sizes(env: Environment) -> dict[str, int]:
    """Bytes of each state by id, its dump included, and of the live database as ``live``."""
    assert env.database
    on_server = env.database.sizes(env.engine)
    here = env.engine.data_id()
    found = {s.id: s.dumped + (on_server.get(s.database, 0) if s.volume == here else 0) for s in store.every(env)}
    return {**found, "live": on_server.get(env.database.name, 0)}


def check(env: Environment) -> None:
    """Say it where the states take more than their budget, or another copy may fill the disk."""
    taken = sizes(env)
    budget, stored = env.config.states or BUDGET, sum(taken.values()) - taken["live"]
    if stored > budget:
        output.warn(f"stored states take {_of(stored, budget)}; what may go: inv dev.state prune")
    free = shutil.disk_usage(records.home()).free
    if free < 2 * taken["live"] + SPARE:
        output.warn(f"{output.mebibytes(free)} of the disk are left; what may go: inv dev.state prune")


def prunable(env: Environment, all: bool) -> list[State]:
    """What can be made again: built states but the newest of each branch. With `all`, every state."""
    found = store.every(env)
    newest = {(s.branch, s.name): s.id for s in found if s.kind == BUILT}
    return found if all else [s for s in found if s.kind == BUILT and newest[s.branch, s.name] != s.id]


def prune(env: Environment, gone: Sequence[State]) -> None:
    """Remove states, rows and all."""
    for each in gone:
        swap.drop(env, each)


def rows(env: Environment) -> list[dict[str, Any]]:
    """The live data and each state, the newest first, for people and programs; the keys are in CONTRACT.md."""
    taken, now = sizes(env), time.time()
    live = {"id": "", "kind": "live", "name": "live", "key": "", "branch": env.data.get("branch", ""), "age": 0}
    live = {**live, "size": taken["live"], "scenarios": sorted(env.data.get("seeded", {})), "live": True}
    return [live, *(_row(s, taken[s.id], now, env.data) for s in reversed(store.every(env)))]


def _row(stored: State, size: int, now: float, live: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: getattr(stored, name) for name in ("id", "kind", "name", "key", "branch")}
    scenarios = sorted(stored.data.get("seeded", {}))
    is_live = live.get("state") == stored.id
    return {**known, "age": round(now - stored.created), "size": size, "scenarios": scenarios, "live": is_live}


def _of(used: int, budget: int) -> str:
    return f"{output.mebibytes(used)} of {output.mebibytes(budget)}"
