"""The live data: migrated, seeded, reset. Its row on the server says how far it has been prepared.

These are its facts (`known`). "files": the files of `state:` at the last migrate. "migrated": a fingerprint of them.
"packages": see packages.py. "branch": the branch of the data. "seeded": what each scenario printed. "generation":
changes with each reset. "state": the state that it is a copy of. "fresh": true while only devenv has written into the
database. They are written after each step. If a command is killed, they may say less than was done, but never more.

A service without a database that we know has them in the machine's record, with "id": Engine.data_id.

Fresh data is built once for each content of the files that it depends on. It has layers: the schema (migrated, not
seeded), then each scenario on a copy of the one it builds on. Each layer is stored under a key of everything that its
rows depend on. The next command that needs it gets a copy.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from devenv.base import events
from devenv.context import claims, fingerprints, health, service_commands
from devenv.context.environment import Environment
from devenv.databases.states import BUILT, PREVIOUS, Create, Drop, Note, State
from devenv.datastates import dumps, earlier, migrated, packages, settling, space, store
from devenv.datastates.steps import Step, carry_out
from devenv.engines.interface import State as Seen
from devenv.model import lineage
from devenv.model.lineage import Files
from devenv.model.scenarios import Scenario

DEFAULT = "default"  # the scenario that dev.up seeds
SCHEMA = "schema"  # the displayed name of the layer below all scenarios
KEPT = "the data until now is kept as previous"
Given = Mapping[str, str]  # parameters of a scenario


class Layer(NamedTuple):
    """What one step builds, and from what."""

    key: str
    name: str
    scenario: Scenario | None  # None: migrate
    given: Given
    files: Files  # part of the key


def ready(env: Environment, changes: bool = True) -> Environment:
    """Start the database, look at it, and finish what killed commands left. Returns the environment on the live data.

    `changes`: the command changes something: DevError 113, before anything starts, if another checkout is up.
    """
    seen = env.engine.look()
    if changes:
        claims.check(env, seen)
    backing = [name for name, service in env.place.services.items() if not service.build]
    if any(name not in seen or not seen[name].healthy for name in backing):
        health.start(env, backing)
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


def migrate(env: Environment) -> None:
    """Run the service's migrate command; its exit code becomes the error's."""
    env.config.command("migrate")
    new = is_fresh(env)
    fresh = new and _is_as_built(env)
    if not fresh:
        used(env)
    packages.begin(env)
    service_commands.migrate(env)
    if new:
        migrated.check(env)
    note_migrated(env, **({"fresh": True} if fresh else {}))
    if fresh and store.keeps(env):
        _keep(env, layers(env, [])[-1], {})


def seed(env: Environment, name: str, given: Given) -> dict[str, Any]:
    """Fill in a scenario's data, unless it can only run once and did; returns the JSON object that it printed.

    Scenarios that it builds on run first if they are missing. DevError 1 if the scenario succeeded, but its check does
    not find the data.
    """
    chain = env.config.chain(name)
    for base in chain[:-1]:
        if base.name not in known(env).get("seeded", {}):
            _seed(env, base, {})
    told = _seed(env, chain[-1], given)
    if known(env).get("fresh") and store.keeps(env) and not any(scenario.up for scenario in chain):
        _keep(env, layers(env, chain, given)[-1], {"seeded": known(env)["seeded"]})
    return told


def _seed(env: Environment, scenario: Scenario, given: Given) -> dict[str, Any]:
    label, seeded = scenario.label(given), known(env).get("seeded", {})
    if scenario.once and label in seeded:
        events.note(f"{label} ran on this data already (once: true in dev.yaml); after inv dev.reset it runs again")
        return dict(seeded[label])
    if scenario.up:
        _start_all(env)
    result = service_commands.check(env, scenario, given) if scenario.once and scenario.check else None
    result = service_commands.seed(env, scenario, given) if result is None else result
    note(env, seeded={**known(env).get("seeded", {}), label: result})
    return result


def _start_all(env: Environment) -> None:
    """Start all services, for a scenario that talks to the app."""
    used(env)
    seen = env.engine.look()
    if any(name not in seen or not seen[name].healthy for name in env.place.services):
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
    wanted = layers(env, [] if late else chain, given or {}) if can else []
    if wanted and (find_layer(env, wanted[-1]) or env.chooses_database):  # the second one reads all files again
        built = layer_steps(env, wanted, "dev.reset")
        use = Step(f"use a copy of {wanted[-1].name}", KEPT, partial(_use_layer, wanted[-1], not built))
        return [*stop, *built, use, *(seeds if late else [])]
    empty = Step("use an empty database", KEPT if env.database and env.database.renames else "", _emptied)
    migrating = [Step("migrate", "the database is new", _migrated)] if "migrate" in env.config.commands else []
    return [*stop, empty, *migrating, *seeds]


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
    stored = find_layer(env, layer)
    assert stored
    if was_stored:
        say_layer(env, layer, stored)
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
        store.note(env, facts)
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


def note_migrated(env: Environment, **more: Any) -> None:
    """Add that all migrations of the checkout are applied."""
    files = store.files(env)
    more = {**more, "branch": store.branch(env), "packages": packages.of(env)}
    note(env, migrated=lineage.key(files), files=files, **more)


def note(env: Environment, **facts: Any) -> None:
    """Add to what is known what was just done to the data."""
    generation = known(env).get("generation") or secrets.token_hex(8)  # tells recreated data from data that was kept
    _write(env, {**known(env), "generation": generation, **facts})


def early(env: Environment) -> list[Scenario]:
    """The scenarios of fresh data, if all of them can be made before the app runs; else none."""
    chain = env.config.chain(DEFAULT) if DEFAULT in env.config.scenarios else []
    return [] if any(scenario.up for scenario in chain) else chain


def layers(env: Environment, chain: Sequence[Scenario], given: Given | None = None) -> list[Layer]:
    """The layers of a chain of scenarios. The schema is the first; the parameters are for the last scenario."""
    files = store.files(env)
    migrate = env.config.commands.get("migrate", ())
    key = lineage.key(_server(env), migrate, lineage.schema_files(files, env.config.migrations))
    found = [Layer(key, SCHEMA, None, {}, files)]
    for scenario in chain:
        params = (given or {}) if scenario is chain[-1] else {}
        key = lineage.key(key, scenario.label(params), scenario.argv(params), files)
        found.append(Layer(key, scenario.label(params), scenario, params, files))
    return found


def find_layer(env: Environment, layer: Layer) -> State | None:
    """The stored state of a layer, if there is one."""
    return next((s for s in store.every(env) if s.kind == BUILT and s.key == layer.key), None)


def provide(env: Environment, wanted: Sequence[Layer], verb: str) -> State:
    """The state of the last layer: stored, or built on the highest stored layer below it. Live data is not touched.

    DevError 111 if compose.yaml fixes the app's database; 112 as an error of `verb` if a command of the service fails.
    """
    steps = layer_steps(env, wanted, verb)
    carry_out(env, steps)
    made = find_layer(env, wanted[-1])
    assert made
    if not steps:
        say_layer(env, wanted[-1], made)
    return made


def layer_steps(env: Environment, wanted: Sequence[Layer], verb: str) -> list[Step]:
    """The steps that build what is not stored of these layers."""
    stored = [at for at, layer in enumerate(wanted) if find_layer(env, layer)]
    missing = range(stored[-1] + 1 if stored else 0, len(wanted))
    titles = [f"seed {layer.name}" if layer.scenario else "migrate" for layer in wanted]
    why = "in a new database, which is stored for the next time"
    return [Step(titles[at], why, partial(_provide, wanted[: at + 1], verb)) for at in missing]


def _provide(wanted: Sequence[Layer], verb: str, env: Environment) -> Environment:
    """Build the last layer on the one below it, which is stored."""
    *below, layer = wanted
    say_layer(env, layer, None)
    _build(env, layer, find_layer(env, below[-1]) if below else _ancestor(env, layer.files), verb)
    space.check_space(env)
    return env


def _build(env: Environment, layer: Layer, below: State | None, verb: str) -> State:
    if below and not layer.scenario:
        events.note(f"migrating on from the schema of {below.branch or 'an earlier commit'}, an ancestor of this one")
    source = store.on_server(env, below).database if below else ""
    with store.draft(env, source) as made:
        there = env.on(made.database)
        known = dict(below.data) if below and layer.scenario else {}
        if layer.scenario:
            told = service_commands.within(verb, "seed", service_commands.seed, there, layer.scenario, layer.given)
            known["seeded"] = {**known.get("seeded", {}), layer.name: told}
        else:
            service_commands.within(verb, "migrate", service_commands.migrate, there)
            migrated.check(there)
        return _store(env, made, layer, known)


def _ancestor(env: Environment, files: Files) -> State | None:
    """The newest stored schema from which migrating on gives the same as migrating from nothing."""
    schemas = [s for s in store.every(env) if s.kind == BUILT and s.name == SCHEMA and s.program == _server(env)]
    return next((s for s in reversed(schemas) if lineage.is_ancestor(s.files, files, env.config.migrations)), None)


def _keep(env: Environment, layer: Layer, known: Mapping[str, Any]) -> None:
    """Store the live data as a layer: it was empty at first, and only devenv has written into it."""
    assert env.database
    with store.draft(env, env.database.name) as made:
        _store(env, made, layer, known)
    space.check_space(env)


def _store(env: Environment, made: State, layer: Layer, known: Mapping[str, Any]) -> State:
    known = {**known, "migrated": lineage.key(layer.files), "files": layer.files, "packages": packages.of(env)}
    store.at(env, made).flush(env.engine)
    made = replace(made, kind=BUILT, name=layer.name, key=layer.key, files=layer.files)
    made = replace(made, data=known, program=_server(env))
    if layer.scenario:  # dev.up needs it on an empty volume; the schema is quickly rebuilt from there
        dump = dumps.of(env, made)
        dump.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        store.at(env, made).dump(env.engine, dump)
        dumps.describe(env, made)
    store.do(env, Note((made,)))
    return made


def say_layer(env: Environment, layer: Layer, found: State | None) -> None:
    """Report the key of a layer, and whether it is stored."""
    events.note(f"state {layer.key} ({_server(env)}, {layer.name}): {'stored' if found else 'not stored yet'}")


def _server(env: Environment) -> str:
    """Database and version, as in compose.yaml."""
    assert env.database
    return env.place.services[env.database.service].image
