"""Another branch: whether the live database has to be set aside for the checkout, and which one becomes live.

It is set aside if a migration that was applied to it is not in the checkout. New migrations do not cause a
switch: they are applied to the live database and its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.base import events
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.databases.states import ASIDE, State
from devenv.datastates import layers, live, packages, store
from devenv.model import lineage
from devenv.model.lineage import Files


def due(env: Environment, known: Mapping[str, Any], files: Files) -> str:
    """Why the live database, whose record is `known`, is not this branch's; empty if it is.

    New migrations do not matter: they are applied to it and its rows, unless this branch has its own database. If there
    are two of this branch, the one with more applied migrations counts, since the other is older.
    """
    applied = known.get("files", {})
    if not env.database or not applied or lineage.key(applied) == lineage.key(files):
        return ""
    lost = lineage.lost(applied, files, env.config.migrations)
    if lost:
        return lost[0]
    branch = store.branch(env)
    own = _of(branch, _fitting(env, files))
    if known.get("branch") == branch:
        own = [s for s in own if _count(env, s.files) > _count(env, applied)]
    return f"{branch} has data of its own" if own else ""


def switch(env: Environment, why: str) -> Environment:
    """Make this branch's own database the live one: the one that was set aside before, else a fresh one."""
    branch = str(env.data.get("branch", ""))
    if not env.database or not store.keeps(env) or not (env.database.renames or env.chooses_database):
        events.warn(f"{why}, but the app's database is fixed in {env.place.compose}: it is not changed")
        return env
    events.note(f"the data of {branch or 'the last branch'} is set aside with its rows: {why}")
    own = back(env, store.files(env))
    if not own:
        return live.restart(_begin(env, branch))
    events.note(f"the data of {own.name} comes back with its rows")
    return live.restart(store.swap(env, own, {**own.data, "branch": store.branch(env)}, ASIDE, branch))


def _begin(env: Environment, branch: str) -> Environment:
    chain = live.early(env)
    if env.chooses_database:
        stored = layers.provide(env, layers.of(env, chain), "dev.up")
        return store.use(env, stored, ASIDE, branch)
    env = store.use_empty(env, ASIDE, branch)
    service_commands.within("dev.up", "migrate", live.migrate, env)
    for scenario in chain[-1:]:
        service_commands.within("dev.up", "seed", live.seed, env, scenario.name, {})
    return env


def back(env: Environment, files: Files) -> State | None:
    """The data that comes back: this branch's own, else the newest with exactly the migrations of this branch.

    Data with fewer migrations does not: once migrated, it could not go back to its own branch.
    """
    fitting = [s for s in _fitting(env, files) if not packages.lost(env, s.data)]
    now = _applied(env, files, packages.of(env))
    same = [s for s in fitting if _applied(env, s.files, s.data.get("packages", {})) == now]
    own = sorted(_of(store.branch(env), fitting), key=lambda s: (_count(env, s.files), s.created))
    return next(iter([*reversed(own), *reversed(same)]), None)


def _applied(env: Environment, files: Files, told: Mapping[str, Any]) -> tuple[Files, list[str]]:
    return lineage.migrations(files, env.config.migrations), told.get("names", [])


def _count(env: Environment, files: Files) -> int:
    return len(lineage.migrations(files, env.config.migrations))


def _of(branch: str, found: list[State]) -> list[State]:
    return [s for s in found if branch and s.branch == branch]


def _fitting(env: Environment, files: Files) -> list[State]:
    aside = [s for s in store.every(env) if s.kind == ASIDE] if store.keeps(env) else []
    return [s for s in aside if not lineage.lost(s.files, files, env.config.migrations)]
