"""What the stored states take of the disk, and which of them can go."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.base import events, output, records
from devenv.context.environment import Environment
from devenv.databases.states import BUILT, State
from devenv.datastates import dumps, store

BUDGET = 5 * 2**30  # bytes of disk for all states, unless `budget.states` of dev.yaml says otherwise
SPARE = 500 * 2**20  # bytes of disk that the rest of the machine needs


def sizes(env: Environment) -> dict[str, int]:
    """The size of each state by id, with its dump, and of the live database as ``live``, in bytes."""
    assert env.database
    on_server = env.database.sizes(env.engine)
    found = {s.id: dumps.size(env, s) + on_server.get(s.database, 0) for s in store.every(env)}
    lost = {s.database: on_server.get(s.database, 0) for s in store.unknown(env)}
    return {**found, **lost, "live": on_server.get(env.database.name, 0)}


def check_space(env: Environment) -> None:
    """Warn if the states exceed their budget, or if another copy may fill the disk."""
    taken = sizes(env)
    budget, stored = env.config.states or BUDGET, sum(taken.values()) - taken["live"]
    if stored > budget:
        words = f"{output.mebibytes(stored)} of {output.mebibytes(budget)}"
        events.warn(f"stored states take {words}; to free space: inv dev.state prune")
    free = shutil.disk_usage(records.home()).free
    if free < 2 * taken["live"] + SPARE:
        events.warn(f"{output.mebibytes(free)} left on the disk; to free space: inv dev.state prune")


def prunable(env: Environment, all: bool) -> list[State]:
    """Built states except the newest of each branch: they can be built again. With `all`, every state."""
    found = store.every(env)
    newest = {(s.branch, s.name): s.id for s in found if s.kind == BUILT}
    return found if all else [s for s in found if s.kind == BUILT and newest[s.branch, s.name] != s.id]


def prune(env: Environment, gone: Sequence[State]) -> None:
    """Remove states with their rows."""
    for each in gone:
        store.drop(env, each)


def rows(env: Environment) -> list[dict[str, Any]]:
    """The live data and each state, the newest first, for people and programs; the keys are in CONTRACT.md."""
    taken, now = sizes(env), time.time()
    live = {"id": "", "kind": "live", "name": "live", "key": "", "branch": env.data.get("branch", ""), "age": 0}
    live = {**live, "size": taken["live"], "scenarios": sorted(env.data.get("seeded", {})), "live": True}
    lost = [_row(s, taken[s.database], now, env.data) for s in store.unknown(env)]
    return [live, *(_row(s, taken[s.id], now, env.data) for s in reversed(store.every(env))), *lost]


def _row(stored: State, size: int, now: float, live: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: getattr(stored, name) for name in ("id", "kind", "name", "key", "branch")}
    scenarios = sorted(stored.data.get("seeded", {}))
    is_live = bool(stored.id) and live.get("state") == stored.id
    age = round(now - stored.created) if stored.created else 0
    return {**known, "age": age, "size": size, "scenarios": scenarios, "live": is_live}
