"""What each verb of the data does, as steps. `dev.plan VERB` prints them, and the verb carries out the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.base.errors import USAGE, DevError, did_you_mean
from devenv.context import building
from devenv.context.environment import Environment
from devenv.datastates import live, snapshots, store
from devenv.datastates.live import DEFAULT, Given
from devenv.datastates.steps import Step
from devenv.engines.interface import State
from devenv.model import lineage

VERBS = ("migrate", "seed", "reset", "snapshot", "restore")


def of(env: Environment, seen: Mapping[str, State], verb: str, name: str, given: Given) -> list[Step]:
    """The steps of a verb. `env`: after a look at the server, if that runs; `seen`: what runs. Changes nothing."""
    if verb not in VERBS:
        raise DevError(
            USAGE, f"dev.plan {verb}: unknown verb", did_you_mean(verb, [*VERBS]), f"allowed: {', '.join(VERBS)}"
        )
    if verb in ("snapshot", "restore"):
        snapshots.check_possible(env)
        if not name:
            raise DevError(USAGE, f"dev.plan {verb} takes a name", f"inv dev.plan {verb} NAME")
    first = _first(env, seen)
    if store.keeps(env) and env.seen.survey is None:
        return first  # everything else depends on what the server holds
    steps = {
        "migrate": lambda: migrate(env),
        "seed": lambda: seed(env, name or DEFAULT, given),
        "reset": lambda: reset(env, name or DEFAULT, given),
        "snapshot": lambda: snapshots.snapshot_steps(env, name),
        "restore": lambda: restore(env, name),
    }
    build = verb != "snapshot" and building.is_due(env)
    return [*first, *([Step("build", "files changed", _built)] if build else []), *steps[verb]()]


def _first(env: Environment, seen: Mapping[str, State]) -> list[Step]:
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


def restore(env: Environment, name: str) -> list[Step]:
    """A copy of a state. DevError 114 if it has migrations that are not in the checkout; packages are not asked for."""
    stored = snapshots.find(env, name)
    snapshots.check_fits(env, stored, force=False, without_packages=True)
    return snapshots.restore_steps(env, stored)
