"""Layers of fresh data, which is built once for each content of the files that it depends on.

The first one is the schema (migrated, not seeded), then each scenario is a layer on a copy of the one it builds on.
Each is stored under a key of everything that its rows depend on. The next command that needs it gets a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from devenv.base import events
from devenv.base.errors import DevError
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.databases.states import BUILT, Note, State
from devenv.databases.states import Step as Change
from devenv.datastates import dumps, migrated, packages, space, store
from devenv.datastates.steps import Step, carry_out
from devenv.model import lineage
from devenv.model.lineage import Files
from devenv.model.scenarios import Scenario

SCHEMA = "schema"  # the displayed name of the layer below all scenarios
Given = Mapping[str, str]  # parameters of a scenario
Later = list[Callable[[], None]]  # what of storing layers can wait, once there are copies of the live data


class Layer(NamedTuple):
    """What one step builds, and from what."""

    key: str
    name: str
    scenario: Scenario | None  # None: migrate
    given: Given
    files: Files  # part of the key


def of(env: Environment, chain: Sequence[Scenario], given: Given | None = None) -> list[Layer]:
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


def find(env: Environment, layer: Layer) -> State | None:
    """The stored state of a layer, if there is one."""
    return next((s for s in store.every(env) if s.kind == BUILT and s.key == layer.key), None)


def provide(env: Environment, wanted: Sequence[Layer], verb: str) -> State:
    """The state of the last layer: stored, or built on the highest stored layer below it. Live data is not touched.

    DevError 111 if compose.yaml fixes the app's database; 112 as an error of `verb` if a command of the service fails.
    """
    missing = steps(env, wanted, verb)
    carry_out(env, missing)
    made = find(env, wanted[-1])
    assert made
    if not missing:
        say(env, wanted[-1], made)
    return made


def steps(env: Environment, wanted: Sequence[Layer], verb: str) -> list[Step]:
    """The steps that build what is not stored of these layers."""
    stored = [at for at, layer in enumerate(wanted) if find(env, layer)]
    missing = range(stored[-1] + 1 if stored else 0, len(wanted))
    titles = [f"seed {layer.name}" if layer.scenario else "migrate" for layer in wanted]
    why = "in a new database, which is stored for the next time"
    return [Step(titles[at], why, partial(_provide, wanted[: at + 1], verb)) for at in missing]


def _provide(wanted: Sequence[Layer], verb: str, env: Environment) -> Environment:
    """Build the last layer on the one below it, which is stored."""
    *below, layer = wanted
    say(env, layer, None)
    _build(env, layer, find(env, below[-1]) if below else _ancestor(env, layer.files), verb)
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


def keep(env: Environment, layer: Layer, known: Mapping[str, Any], later: Later | None, *first: Change) -> None:
    """Store the live data as a layer: it was empty at first, and only devenv has written into it.

    The copy is made before others can write. The rest (a dump, and its row) is added to `later`; None: it is done now.
    If it is killed, the copy is a draft: the next command drops it, and the layer is built when it is needed.
    `first`: steps that are done before, in the same call.
    """
    assert env.database
    with store.draft(env, env.database.name, *first) as made:
        pass

    def rest() -> None:
        with store.discarded(env, made):
            _store(env, made, layer, known)
        space.check_space(env)

    finish([rest]) if later is None else later.append(rest)


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


def say(env: Environment, layer: Layer, found: State | None) -> None:
    """Report the key of a layer, and whether it is stored."""
    events.note(f"state {layer.key} ({_server(env)}, {layer.name}): {'stored' if found else 'not stored yet'}")


def _server(env: Environment) -> str:
    """Database and version, as in compose.yaml."""
    assert env.database
    return env.place.services[env.database.service].image


@contextmanager
def storing() -> Iterator[Later]:
    """What the block adds, and has not finished itself, is done at its end, also if it fails with a DevError."""
    later: Later = []
    try:
        yield later
    except DevError:
        with suppress(DevError):
            finish(later)
        raise
    finish(later)


def finish(later: Later) -> None:
    """Do what could wait."""
    while later:
        later.pop(0)()
