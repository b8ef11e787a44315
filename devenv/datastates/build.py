"""Fresh data, made once for each content of the files that it depends on.

It comes in layers: the schema (migrated, nothing seeded), then each scenario on a copy of what it builds on. Each layer
is stored under a key of all that decides its rows, and the next one who needs it gets a copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from devenv.base import output
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.datastates import packages, room, store, swap
from devenv.datastates.store import BUILT, State
from devenv.model import lineage
from devenv.model.lineage import Files
from devenv.model.scenarios import Scenario

DEFAULT = "default"  # the scenario that dev.up seeds
SCHEMA = "schema"  # what people read for the layer below all scenarios


class Layer(NamedTuple):
    """What one step makes, and from what."""

    key: str
    name: str
    scenario: Scenario | None  # None: migrate
    given: Mapping[str, str]
    files: Files  # that the key was made of


def early(env: Environment) -> list[Scenario]:
    """The scenarios of fresh data, as far as they can be made before the app runs: all of them or none."""
    chain = env.config.chain(DEFAULT) if DEFAULT in env.config.scenarios else []
    return [] if any(scenario.up for scenario in chain) else chain


def layers(env: Environment, chain: Sequence[Scenario], given: Mapping[str, str] | None = None) -> list[Layer]:
    """The layers of a chain of scenarios, of which the last one takes the parameters. The schema is the first."""
    files = store.files(env)
    migrate = env.config.commands.get("migrate", ())
    key = lineage.key(server(env), migrate, lineage.schema_files(files, env.config.migrations))
    found = [Layer(key, SCHEMA, None, {}, files)]
    for scenario in chain:
        params = (given or {}) if scenario is chain[-1] else {}
        key = lineage.key(key, scenario.label(params), scenario.argv(params), files)
        found.append(Layer(key, scenario.label(params), scenario, params, files))
    return found


def server(env: Environment) -> str:
    """Database and version, as compose.yaml names them."""
    assert env.database
    return env.place.services[env.database.service].image


def stored(env: Environment, layer: Layer) -> State | None:
    """The state of a layer, where it was made before."""
    return next((s for s in store.every(env) if s.kind == BUILT and s.key == layer.key), None)


def say(env: Environment, layer: Layer, found: State | None) -> None:
    """The key, and whether there is such a state."""
    output.say(f"state {layer.key} ({server(env)}, {layer.name}): {'stored' if found else 'not stored yet'}")


def provide(env: Environment, wanted: Sequence[Layer], verb: str) -> State:
    """The state of the last layer: as stored, else built on the highest layer below that is. Live data is not touched.

    DevError 111 where compose.yaml does not let the app work on another database than the live one; 112 as an error of
    `verb` where a command of the service fails.
    """
    found = stored(env, wanted[-1])
    say(env, wanted[-1], found)
    if found:
        return found
    below = provide(env, wanted[:-1], verb) if wanted[:-1] else _ancestor(env, wanted[-1].files)
    made = _build(env, wanted[-1], below, verb)
    room.check(env)
    return made


def keep(env: Environment, layer: Layer, known: Mapping[str, Any]) -> None:
    """Store the live data as a layer: it was empty when we began, and nobody but us was in it since."""
    assert env.database
    with swap.draft(env, env.database.name) as made:
        _store(env, made, layer, known)
    room.check(env)


def _ancestor(env: Environment, files: Files) -> State | None:
    """The newest schema from which migrating on is the same as migrating from nothing."""
    schemas = [s for s in store.every(env) if s.kind == BUILT and s.name == SCHEMA and s.program == server(env)]
    return next((s for s in reversed(schemas) if lineage.is_ancestor(s.files, files, env.config.migrations)), None)


def _build(env: Environment, layer: Layer, below: State | None, verb: str) -> State:
    if below and not layer.scenario:
        output.say(f"migrating on from the schema of {below.branch or 'an earlier commit'}, an ancestor of this one")
    source = swap.on_server(env, below).database if below else ""
    with swap.draft(env, source) as made:
        there = env.on(made.database)
        known = dict(below.data) if below and layer.scenario else {}
        if layer.scenario:
            told = service_commands.within(verb, "seed", service_commands.seed, there, layer.scenario, layer.given)
            known["seeded"] = {**known.get("seeded", {}), layer.name: told}
        else:
            service_commands.within(verb, "migrate", service_commands.migrate, there)
        return _store(env, made, layer, known)


def _store(env: Environment, made: State, layer: Layer, known: Mapping[str, Any]) -> State:
    known = {**known, "migrated": lineage.key(layer.files), "files": layer.files, "packages": packages.here(env)}
    if layer.scenario:  # what dev.up needs on an empty volume; the schema is quickly had from there
        swap.at(env, made).dump(env.engine, made.dump)
    made = replace(made, kind=BUILT, name=layer.name, key=layer.key, files=layer.files)
    return store.write(replace(made, data=known, program=server(env)))
