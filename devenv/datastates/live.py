"""The live data: migrated, seeded, reset. Its row on the server says how far it has been prepared.

These are its facts (`known`). "files": the files of `state:` at the last migrate. "migrated": a fingerprint of them.
"packages": see packages.py. "branch": the branch of the data. "seeded": what each scenario printed. "generation":
changes with each reset. "state": the state that it is a copy of. "fresh": true while only devenv has written into the
database. They are written after each step. If a command is killed, they may say less than was done, but never more.

A service without a database that we know has them in the machine's record, with "id": Engine.data_id.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from devenv.base import events
from devenv.base.errors import DevError
from devenv.context import claims, fingerprints, health, service_commands
from devenv.context.environment import Environment
from devenv.databases.states import DRAFT, PREVIOUS, Create, Drop
from devenv.datastates import earlier, layers, migrated, packages, settling, store
from devenv.datastates.layers import Given, Later, Layer
from devenv.datastates.steps import Step, carry_out
from devenv.engines.interface import State as Seen
from devenv.engines.interface import unhealthy
from devenv.model import lineage
from devenv.model.scenarios import Scenario

DEFAULT = "default"  # the scenario that dev.up seeds
KEPT = "the data until now is kept as previous"


def ready(env: Environment, changes: bool = True) -> Environment:
    """Start the database, look at it, and finish what killed commands left. Returns the environment on the live data.

    `changes`: the command changes something: DevError 113, before anything starts, if another checkout is up.
    """
    seen = env.engine.look()
    if changes:
        claims.check(env, seen)
    if unhealthy(seen, env.place.servers):
        health.start(env, env.place.servers)
    return opened(env)


def opened(env: Environment) -> Environment:
    """Look at the server, which runs, and bring it in order. Returns the environment on the live data."""
    if not store.keeps(env):
        return env
    env = store.look(env)
    report_lost(env)
    if settling.unsettled(env):
        settling.settle(env)
    return env


def report_lost(env: Environment) -> None:
    """Warn if the data of the record is gone, before new data is made. DevError 113 if the server cannot read it."""
    noted, found = env.record.known(env.engine.name), env.seen.survey
    if env.seen.warned or not store.keeps(env) or not earlier.facts(noted) or (found and found.live) or known(env):
        return
    if other := health.other_version(env):
        raise other
    states = noted.get("stored")
    also = f" (also {', '.join(map(str, states))})" if isinstance(states, list) and states else ""
    events.warn(f"the data of {env.config.service} is gone{also}: its volume was removed, or is another one")
    env.seen.warned = True


def glance(env: Environment, seen: Mapping[str, Seen]) -> Environment:
    """Look at the server if it runs, and change nothing."""
    database = env.database
    runs = database is not None and database.service in seen and seen[database.service].healthy
    return store.look(env) if runs else env


def migrate(env: Environment, later: Later | None = None) -> None:
    """Run the service's migrate command; its exit code becomes the error's.

    `later`: gets what can be done while the app starts; None: it is done at once.
    """
    env.config.command("migrate")
    new = is_fresh(env)
    fresh = new and _is_as_built(env)
    used(env)  # until the command has succeeded: one that fails, or is killed, may leave anything
    packages.begin(env)
    service_commands.migrate(env)
    if new:
        migrated.check(env)
    facts = migrated_facts(env)
    if fresh and store.keeps(env):
        layers.keep(env, layers.of(env, [])[-1], {}, later, store.note(env, _with(env, **facts, fresh=True)))
    else:
        note(env, **facts, **({"fresh": True} if fresh else {}))


def seed(env: Environment, name: str, given: Given, later: Later | None = None) -> dict[str, Any]:
    """Fill in a scenario's data, unless it can only run once and did; returns the JSON object that it printed.

    Scenarios that it builds on run first if they are missing. DevError 1 if the scenario succeeded, but its check does
    not find the data. `later`: see `migrate`.
    """
    chain = env.config.chain(name)
    for base in chain[:-1]:
        if base.name not in known(env).get("seeded", {}):
            _seed(env, base, {})
    told = _seed(env, chain[-1], given)
    if known(env).get("fresh") and store.keeps(env) and not any(scenario.up for scenario in chain):
        layers.keep(env, layers.of(env, chain, given)[-1], {"seeded": known(env)["seeded"]}, later)
    return told


def _seed(env: Environment, scenario: Scenario, given: Given) -> dict[str, Any]:
    label, seeded = scenario.label(given), known(env).get("seeded", {})
    if scenario.once and label in seeded:
        events.note(f"{label} ran on this data already (once: true in dev.yaml); after inv dev.reset it runs again")
        return dict(seeded[label])
    if scenario.up:
        _start_all(env)
    fresh = {"fresh": True} if known(env).get("fresh") else {}
    used(env)  # as in `migrate`
    result = service_commands.check(env, scenario, given) if scenario.once and scenario.check else None
    result = service_commands.seed(env, scenario, given) if result is None else result
    note(env, seeded={**known(env).get("seeded", {}), label: result}, **fresh)
    return result


def _start_all(env: Environment) -> None:
    """Start all services, for a scenario that talks to the app."""
    used(env)
    seen = env.engine.look()
    if unhealthy(seen, env.place.services):
        health.start(env, list(env.place.services))
        _note_running(env)  # so that the next dev.up does not start them again


def reset(env: Environment, name: str = DEFAULT, given: Given | None = None) -> None:
    """Fresh data: only this scenario and what it builds on. The data until now is kept as `previous`."""
    carry_out(env, reset_steps(env, name, given))


def reset_steps(env: Environment, name: str = DEFAULT, given: Given | None = None) -> list[Step]:
    """The steps of `reset`, decided from what is stored. Changes nothing."""
    chain = env.config.chain(name) if name in env.config.scenarios else []
    seeds = [_seed_step(scenario, (given or {}) if scenario is chain[-1] else {}) for scenario in chain]
    late = any(scenario.up for scenario in chain)
    # An app that fills tables at its start must do so on the new database.
    stop = [Step("stop", "a scenario needs the app, which starts on the new database", _stopped)] if late else []
    can = env.database and store.keeps(env) and (env.database.renames or env.chooses_database)
    wanted = layers.of(env, [] if late else chain, given or {}) if can else []
    if wanted and (layers.find(env, wanted[-1]) or env.chooses_database):  # the second one reads all files again
        built = layers.steps(env, wanted, "dev.reset")
        use = Step(f"use a copy of {wanted[-1].name}", KEPT, partial(_use_layer, wanted[-1], not built))
        return [*stop, *built, use, *(_or_back(seeds) if late else [])]
    empty = Step("use an empty database", KEPT if env.database and env.database.renames else "", _emptied)
    migrating = [Step("migrate", "the database is new", _migrated)] if "migrate" in env.config.commands else []
    return [*stop, empty, *_or_back([*migrating, *seeds])]


def _or_back(steps: list[Step]) -> list[Step]:
    """The same steps. If one fails, the data from before the reset becomes live again."""

    def do(step: Step, env: Environment) -> Environment:
        with undone(env):
            return step.do(env)

    return [step._replace(do=partial(do, step)) for step in steps]


@contextmanager
def undone(env: Environment) -> Iterator[None]:
    """If the block fails, the data from before the last swap becomes live again, if the server can do that."""
    try:
        yield
    except (DevError, KeyboardInterrupt):
        before = [s for s in store.every(env) if s.kind == PREVIOUS] if store.keeps(env) else []
        if before and env.database and (env.database.renames or env.chooses_database):
            restart(store.swap(env, before[-1], before[-1].data, DRAFT, ""))
        raise


def _migrated(env: Environment) -> Environment:
    service_commands.within("dev.reset", "migrate", migrate, env)
    return env


def _seed_step(scenario: Scenario, given: Given) -> Step:
    def do(env: Environment) -> Environment:
        if scenario.label(given) not in known(env).get("seeded", {}):
            service_commands.within("dev.reset", "seed", seed, env, scenario.name, given)
        return env

    return Step(f"seed {scenario.label(given)}", "", do)


def _stopped(env: Environment) -> Environment:
    env.engine.stop()
    return ready(env)


def _use_layer(layer: Layer, was_stored: bool, env: Environment) -> Environment:
    stored = layers.find(env, layer)
    assert stored
    if was_stored:
        layers.say(env, layer, stored)
    return restart(store.use(env, stored, PREVIOUS, PREVIOUS))


def _emptied(env: Environment) -> Environment:
    if env.database and env.database.renames:
        return store.use_empty(env, PREVIOUS, PREVIOUS)
    _write(env, {})  # first: if this is killed afterwards, the next dev.up builds the data again
    if env.database and store.keeps(env):
        store.do(env, Drop(env.database.name))
    elif env.database:
        env.database.drop(env.engine)
    return env


def restart(env: Environment) -> Environment:
    """Start again what runs if the live database got another name: the app reads the name when it starts."""
    assert env.database
    if env.database.renames:
        return env
    running = _running(env)
    if running:
        health.start(env, running)
        _note_running(env, compose=fingerprints.compose(env))
    return env


def _note_running(env: Environment, **more: Any) -> None:
    ids = {name: state.id for name, state in env.engine.look().items()}
    env.record.up = {**env.record.up, "ids": ids, **more}
    env.save()


def known(env: Environment) -> dict[str, Any]:
    """What is known of the live data that exists now; empty if nothing is.

    Until the server was looked at, this is what the record says, if that is about the same volume or folder.
    """
    found = env.seen.survey
    if found is not None:
        return dict(found.live.data) if found.live and found.live.database in found.databases else {}
    noted, service = env.data, env.database.service if env.database and store.keeps(env) else ""
    if noted.get("id") == "" and not service:  # data that is in no volume stays if one is added
        return earlier.facts(noted)
    return earlier.facts(noted) if noted and env.engine.holds(str(noted.get("id", "")), service) else {}


def _write(env: Environment, facts: Mapping[str, Any]) -> None:
    """Write what is known of the live data."""
    if store.keeps(env):
        store.do(env, store.note(env, facts))
    else:
        env.note_data({**facts, "id": env.engine.data_id()} if facts else {})


def is_fresh(env: Environment) -> bool:
    """Whether the database is empty or holds only what devenv put in. It is created if it is missing."""
    if known(env) or not env.database:
        return bool(known(env).get("fresh"))
    if not store.keeps(env):
        return env.database.is_empty(env.engine)
    if env.database.name not in store.survey(env).databases:  # a reset was killed half-way
        store.do(env, Create(env.database.name))
    return env.database.is_empty(env.engine)


def _is_as_built(env: Environment) -> bool:
    """Whether fresh data is what a build from the checkout would give: no other migrations, and no app that writes."""
    lost = lineage.lost(known(env).get("files", {}), store.files(env), env.config.migrations)
    return not (lost or packages.lost(env, known(env)) or _running(env))


def _running(env: Environment) -> list[str]:
    """What runs of the app, which may write into the database."""
    return [name for name, seen in env.engine.look().items() if seen.running and env.place.services[name].build]


def used(env: Environment) -> None:
    """Record that others write into the database from now on, so its data is not fresh any more."""
    facts = known(env)
    if facts.pop("fresh", False):
        _write(env, facts)


def migrated_facts(env: Environment) -> dict[str, Any]:
    """What to note once all migrations of the checkout are applied."""
    files = store.files(env)
    return {
        "migrated": lineage.key(files),
        "files": files,
        "branch": store.branch(env),
        "packages": packages.of(env),
    }


def note(env: Environment, **facts: Any) -> None:
    """Add to what is known what was just done to the data."""
    _write(env, _with(env, **facts))


def _with(env: Environment, **facts: Any) -> dict[str, Any]:
    generation = known(env).get("generation") or secrets.token_hex(8)  # tells recreated data from data that was kept
    return {**known(env), "generation": generation, **facts}


def early(env: Environment) -> list[Scenario]:
    """The scenarios of fresh data, if all of them can be made before the app runs; else none."""
    chain = env.config.chain(DEFAULT) if DEFAULT in env.config.scenarios else []
    return [] if any(scenario.up for scenario in chain) else chain
