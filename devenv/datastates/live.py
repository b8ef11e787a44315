"""The live data: migrate, seed, reset. The record says which data was brought how far.

For each engine, `Environment.data` holds "id": Engine.data_id, "files": those of `state:` at the last migrate,
"migrated": a fingerprint of them, "packages": see operations/packages.py, "branch": whose they were, "seeded": what
each scenario told, "generation": another one after a reset, "fresh": while nobody but us was in the database, "live":
its name where that is not compose.yaml's. It is written after each step, so that a killed command leaves less than the
truth and never more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.base import output
from devenv.context import fingerprints, health, service_commands
from devenv.context.environment import Environment
from devenv.datastates import build, packages, store, swap
from devenv.model import lineage
from devenv.model.scenarios import Scenario

Given = Mapping[str, str]  # parameters of a scenario


def ready(env: Environment) -> None:
    """The database runs, so that a data command works without `dev.up` before it; what was killed is cleaned up."""
    backing = [name for name, service in env.place.services.items() if not service.build]
    seen = env.engine.look()
    if any(name not in seen or not seen[name].healthy for name in backing):
        health.start(env, backing)
    swap.clean(env)


def built(env: Environment) -> None:
    """The app is built of what is checked out: what a data command makes is known by the lock files that it came of."""
    up = env.record.up.get("build")
    if env.image or (env.engine.is_built() and up in (None, fingerprints.build(env))):
        return
    output.say("what is checked out is not built yet: building; the app itself follows with the next dev.up")
    env.engine.build([name for name, service in env.place.services.items() if service.build])


def migrate(env: Environment) -> None:
    """Run the service's migrate command; its exit code becomes the error's."""
    env.config.command("migrate")
    fresh = is_fresh(env)
    service_commands.migrate(env)
    _note_migrated(env, **({"fresh": True} if fresh else {}))
    if fresh:
        build.keep(env, build.layers(env, [])[-1], {})


def is_pending(env: Environment) -> bool:
    """Whether there may be migrations to apply: asks the service's pending command where there is one."""
    if "migrated" not in known(env) or "pending" not in env.config.commands:
        return True
    if env.engine.step("pending", env.config.command("pending")):
        return True
    _note_migrated(env)
    return False


def seed(env: Environment, name: str, given: Given) -> dict[str, Any]:
    """Fill in a scenario's data, unless it can be made once only and is there; returns the JSON object that it tells.

    What it builds on comes first, where it is not there yet. DevError 1 when the scenario ended well, but its check
    does not find the data.
    """
    chain = env.config.chain(name)
    for base in chain[:-1]:
        if base.name not in known(env).get("seeded", {}):
            _seed(env, base, {})
    told = _seed(env, chain[-1], given)
    if known(env).get("fresh") and not any(scenario.up for scenario in chain):
        build.keep(env, build.layers(env, chain, given)[-1], {"seeded": known(env)["seeded"]})
    return told


def reset(env: Environment, name: str = build.DEFAULT, given: Given | None = None) -> None:
    """Fresh data: this scenario and what it builds on, and nothing else. What was live is kept as `previous`."""
    chain = env.config.chain(name) if name in env.config.scenarios else []
    wanted = [(scenario, (given or {}) if scenario is chain[-1] else {}) for scenario in chain]
    late = any(scenario.up for scenario in chain)
    if late:
        env.engine.stop()  # an app that fills tables when it starts has to start on the new database
        ready(env)
    stored = _prepared(env, [] if late else chain, given or {})
    if stored:
        env = restart(swap.use(env, stored, store.PREVIOUS, store.PREVIOUS))
    else:
        env = _emptied(env)
        if "migrate" in env.config.commands:
            service_commands.within("dev.reset", "migrate", migrate, env)
    for scenario, params in wanted:
        if scenario.label(params) not in known(env).get("seeded", {}):
            service_commands.within("dev.reset", "seed", seed, env, scenario.name, params)


def take_stored(env: Environment) -> Environment:
    """Data for a new, empty database from the state of the default scenario, where there is one."""
    wanted = build.layers(env, build.early(env))[-1]
    stored = build.stored(env, wanted)
    if not stored or not is_fresh(env):
        return env
    build.say(env, wanted, stored)
    return swap.use(env, stored, store.DRAFT, "")


def known(env: Environment) -> dict[str, Any]:
    """What the record says, where it speaks of the data that is there."""
    return env.data if env.data.get("id") == env.engine.data_id() else {}


def is_fresh(env: Environment) -> bool:
    """Whether the database, which is made where it is not there, is empty or holds what we put in and nothing else."""
    if known(env) or not env.database:
        return bool(known(env).get("fresh"))
    if not env.database.exists(env.engine):  # a reset was killed half-way
        env.database.create(env.engine)
    return env.database.is_empty(env.engine)


def used(env: Environment) -> None:
    """From now on others write into the database: it is no fresh one any more."""
    if env.data.get("fresh"):
        env.note_data({key: value for key, value in env.data.items() if key != "fresh"})


def restart(env: Environment) -> Environment:
    """Where the live database has another name than before, what runs has to be started anew to be told."""
    assert env.database
    running = [name for name, state in env.engine.look().items() if state.running and env.place.services[name].build]
    if running and not env.database.renames:
        health.start(env, running)
        _note_running(env, compose=fingerprints.compose(env))
    return env


def _prepared(env: Environment, chain: Sequence[Scenario], given: Given) -> store.State | None:
    """The stored state of a chain, built where it can be; None where all has to be made in the live database."""
    if not env.database or not (env.database.renames or env.chooses_database):
        return None
    wanted = build.layers(env, chain, given)
    return build.provide(env, wanted, "dev.reset") if env.chooses_database else build.stored(env, wanted[-1])


def _emptied(env: Environment) -> Environment:
    if env.database and env.database.renames:
        return swap.use_empty(env, store.PREVIOUS, store.PREVIOUS)
    env.note_data({})  # first: killed after this line, the next dev.up builds the data again
    if env.database:
        env.database.drop(env.engine)
    return env


def _seed(env: Environment, scenario: Scenario, given: Given) -> dict[str, Any]:
    label, seeded = scenario.label(given), known(env).get("seeded", {})
    if scenario.once and label in seeded:
        output.say(f"{label} ran on this data already (once: true in dev.yaml); after inv dev.reset it runs again")
        return dict(seeded[label])
    if scenario.up:
        _start_all(env)
    result = service_commands.check(env, scenario, given) if scenario.once and scenario.check else None
    result = service_commands.seed(env, scenario, given) if result is None else result
    if scenario.once or not given:
        _note(env, seeded={**known(env).get("seeded", {}), label: result})
    return result


def _note_migrated(env: Environment, **more: Any) -> None:
    files = store.files(env)
    more = {**more, "branch": store.branch(env), "packages": packages.here(env)}
    _note(env, migrated=lineage.key(files), files=files, **more)


def _note(env: Environment, **facts: Any) -> None:
    """Add to the record what was just done to the data that is there now."""
    generation = known(env).get("generation") or secrets.token_hex(8)  # tells data made anew from data that was kept
    env.note_data({**known(env), "id": env.engine.data_id(), "generation": generation, **facts})


def _start_all(env: Environment) -> None:
    """All is healthy, for a scenario that talks to the app."""
    used(env)
    seen = env.engine.look()
    if any(name not in seen or not seen[name].healthy for name in env.place.services):
        health.start(env, list(env.place.services))
        _note_running(env)  # for dev.up these are its own: it started none of them otherwise


def _note_running(env: Environment, **more: Any) -> None:
    ids = {name: state.id for name, state in env.engine.look().items()}
    env.record.up = {**env.record.up, "ids": ids, **more}
    env.save()
