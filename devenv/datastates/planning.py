"""What each verb of the data does, as steps. `dev.plan VERB` prints them, and the verb carries out the same ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base.errors import USAGE, DevError
from devenv.context import building
from devenv.context.environment import Environment
from devenv.databases.states import State
from devenv.datastates import live, snapshots, space, store
from devenv.datastates.layers import Given
from devenv.datastates.live import DEFAULT
from devenv.datastates.steps import Step
from devenv.engines.interface import State as Running
from devenv.model import lineage

VERBS = ("migrate", "seed", "reset", "snapshot", "restore", "prune")


class Words(NamedTuple):
    """What is typed after a verb."""

    name: str  # of a scenario, snapshot or state; empty: none
    given: Given  # parameters of the scenario
    file: Path  # the name as a path
    all: bool  # prune: every state


def of(env: Environment, seen: Mapping[str, Running], verb: str, words: Words) -> list[Step]:
    """The steps of a verb. `env`: after a look at the server, if that runs; `seen`: what runs. Changes nothing."""
    name, given = words.name, words.given
    if verb in ("snapshot", "restore", "prune"):
        snapshots.check_possible(env)
    if verb in ("snapshot", "restore") and not name:
        raise DevError(USAGE, f"dev.plan {verb} takes a name", f"inv dev.plan {verb} NAME")
    if verb == "prune" and not store.has_data(env):
        return []
    first = _first(env, seen)
    if store.keeps(env) and env.seen.survey is None:
        return first  # everything else depends on what the server holds
    steps = {
        "migrate": lambda: migrate(env),
        "seed": lambda: seed(env, name or DEFAULT, given),
        "reset": lambda: reset(env, name or DEFAULT, given),
        "snapshot": lambda: snapshots.snapshot_steps(env, name),
        "restore": lambda: restore(env, name, words.file, looks=True),
        "prune": lambda: prune(prunable(env, [name] if name else [], words.all)),
    }
    build = verb not in ("snapshot", "prune") and building.is_due(env)
    return [*first, *([Step("build", "files changed", _built)] if build else []), *steps[verb]()]


def _first(env: Environment, seen: Mapping[str, Running]) -> list[Step]:
    absent = [n for n, s in env.place.services.items() if not s.build and not (n in seen and seen[n].healthy)]
    why = "what follows depends on its data" if store.keeps(env) else "not running"
    return [Step(f"start {' '.join(absent)}", why, live.ready)] if absent else []


def _built(env: Environment) -> Environment:
    building.ensure(env)
    return env


def migrate(env: Environment) -> list[Step]:
    """Run the service's migrate command on the live data. DevError 111 if it has none."""

    def do(env: Environment) -> Environment:
        live.migrate(env)
        return env

    env.config.command("migrate")
    known, files = live.known(env), store.files(env)
    why = snapshots.difference(known.get("files", {}), files) if known else "the database is new"
    if known.get("migrated") == lineage.key(files):
        why = "none of its files changed since the last time"
    return [Step("migrate", why, do)]


def seed(env: Environment, name: str, given: Given, answer: dict[str, Any] | None = None) -> list[Step]:
    """Run a scenario on the live data, after those that it builds on and that are missing. DevError 2.

    `answer`: gets what the scenario printed.
    """

    def do(env: Environment) -> Environment:
        told = live.seed(env, name, given)
        if answer is not None:
            answer.update(told)
        return env

    *below, last = env.config.chain(name)
    last.argv(given)  # report a wrong parameter
    seeded = live.known(env).get("seeded", {})
    labels = [*(base.name for base in below if base.name not in seeded), last.label(given)]
    once = last.once and labels[-1] in seeded
    return [Step(f"seed {', '.join(labels)}", "once: true, and it ran on this data already" if once else "", do)]


def reset(env: Environment, name: str, given: Given) -> list[Step]:
    """Fresh data. DevError 2 for a scenario or parameter that does not exist."""
    if given or name != DEFAULT:
        env.config.scenario(name).argv(given)
    return live.reset_steps(env, name, given)


def restore(env: Environment, name: str, file: Path, force: bool = False, looks: bool = False) -> list[Step]:
    """A copy of a state, or of a file. DevError 2 if there is neither, 111 for a damaged file, 114 if it does not fit.

    `looks`: do not run the service's command that lists the migrations of packages.
    """
    known = snapshots.matching(env, name)  # first: the data of a branch has its name, such as feature/x
    if not known and os.path.isfile(file):
        from devenv.datastates import exports  # here, since few commands need it

        stored = exports.read(env, file)
        steps = exports.restore_steps(env, file, stored)
    elif not known and ("/" in name or name.endswith(".gz")):
        raise DevError(USAGE, f"{file} not found", "inv dev.state list")
    else:
        stored = known or snapshots.find(env, name)
        steps = snapshots.restore_steps(env, stored)
    snapshots.check_fits(env, stored, force, without_packages=looks)
    return steps


def prunable(env: Environment, names: Sequence[str], all: bool) -> list[State]:
    """The states to remove. DevError 2, 114 for one that is not known, or not ours."""
    gone = [snapshots.find(env, each) for each in names] or space.prunable(env, all)
    for each in gone:
        snapshots.check_known(each)
    return gone


def prune(gone: Sequence[State]) -> list[Step]:
    """Remove states with their rows."""

    def remove(stored: State, env: Environment) -> Environment:
        store.drop(env, stored)
        return env

    return [
        Step(f"remove {each.kind} {each.name}", f"of {each.branch}" if each.branch else "", partial(remove, each))
        for each in gone
    ]
