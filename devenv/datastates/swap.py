"""Databases beside the live one: made, filled, and put in its place in one step.

Whatever is killed at whatever moment, the live database is the old one or the new one. What was on its way is noted
before it is begun (operations/states.py), and `clean` ends it either way.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from devenv.base import output
from devenv.context.environment import Environment
from devenv.databases.base import Database
from devenv.datastates import store
from devenv.datastates.store import DRAFT, PREVIOUS, State


@contextmanager
def draft(env: Environment, source: str = "") -> Iterator[State]:
    """A database to work in: a copy of another one, or empty. It is dropped when the block fails."""
    made = store.begin(env, DRAFT, "")
    try:
        if source:
            at(env, made).copy(env.engine, source)
        else:
            at(env, made).create(env.engine)
        yield made
    except BaseException:
        if env.data.get("live") != made.database:  # it may have become the live one just before
            drop(env, made)
        raise


@contextmanager
def scratch(env: Environment) -> Iterator[Environment]:
    """The service on an empty database beside the live one, which is gone again afterwards."""
    with draft(env) as made:
        yield env.on(made.database)
        drop(env, made)


def at(env: Environment, stored: State) -> Database:
    """The database of a state."""
    assert env.database
    return env.database.at(stored.database)


def drop(env: Environment, gone: State) -> None:
    """Remove a state with its rows, its database first: what is noted is never less than what is there.

    Before both it becomes a draft, so that nobody takes it for a whole one when this is killed between the two.
    """
    if gone.volume == env.engine.data_id():
        with suppress(OSError):  # what makes room on a full disk must not need any
            store.write(replace(gone, kind=DRAFT))
        at(env, gone).drop(env.engine)
    store.forget(gone)


def on_server(env: Environment, stored: State) -> State:
    """The same state with its rows on the server, loaded from its dump where that is all there is."""
    if stored.volume == env.engine.data_id():
        return stored
    with draft(env) as made:
        at(env, made).load(env.engine, stored.dump)
    loaded = store.write(replace(stored, database=made.database, volume=made.volume))
    store.forget(made)
    return loaded


def use(env: Environment, stored: State, kind: str, name: str) -> Environment:
    """Make a copy of a state the live data; see `swap`."""
    assert env.database
    source = on_server(env, stored).database
    if not env.database.renames:
        with draft(env, source) as made:
            return swap(env, made, known(env, stored), kind, name)
    made = store.begin(env, DRAFT, "")
    try:
        return swap(env, made, known(env, stored), kind, name, source)
    except BaseException:
        drop(env, made)
        raise


def use_empty(env: Environment, kind: str, name: str) -> Environment:
    """Make an empty database the live one, for an app that cannot be given another to prepare; see `swap`."""
    with draft(env) as made:
        return swap(env, made, {}, kind, name)


def known(env: Environment, stored: State) -> dict[str, Any]:
    """What the record says of data that was copied from a state: another generation, so that wiring is due again."""
    own = {
        "id": env.engine.data_id(),
        "generation": secrets.token_hex(8),
        "state": stored.id,
        "branch": store.branch(env),
    }
    return {**stored.data, **own}


def swap(
    env: Environment, made: State, known_then: Mapping[str, Any], kind: str, name: str, source: str = ""
) -> Environment:
    """The draft becomes live, with what the record is to say of it. Returns the environment on the new live data.

    What was live is kept as a state of that kind and name; as a DRAFT it is dropped. `source`: what the draft, which is
    not there yet, is to be a copy of; for servers that rename.
    """
    assert env.database
    renames, engine = env.database.renames, env.engine
    after = {**known_then, "live": "" if renames else made.database}
    old = "" if renames else env.database.name
    aside = store.begin(env, kind, name, old, after=after, took=made.id, branch=env.data.get("branch", ""))
    older = _superseded(env, aside)
    if source:
        env.database.renew(engine, source, made.database, aside.database, [each.database for each in older])
    elif renames:
        env.database.take_over(engine, made.database, aside.database)
    env.note_data(after)  # where the server cannot rename, this is the step
    store.forget(made)
    for gone in older if source else []:
        store.forget(gone)  # its database went in the same call
    _settle_aside(env, aside)
    return env if renames else env.on(made.database)


def _superseded(env: Environment, aside: State) -> list[State]:
    """There is one `previous` at a time."""
    return [s for s in store.every(env) if s.kind == aside.kind == PREVIOUS and s.id != aside.id]


def _settle_aside(env: Environment, aside: State) -> None:
    """The end of a swap: what was live is a state like others, or is dropped."""
    if aside.kind == DRAFT:
        drop(env, aside)
        return
    for gone in _superseded(env, aside):
        drop(env, gone)
    store.write(replace(aside, after=None))  # last: until then `clean` knows that there is something to do


def left(env: Environment) -> list[State]:
    """What killed commands left."""
    return [s for s in store.noted(env) if s.kind == DRAFT or s.after is not None] if env.database else []


def clean(env: Environment) -> None:
    """End what killed commands left: a swap is done or was not begun, drafts go."""
    found = left(env)
    if not found:
        return
    assert env.database
    here = env.engine.data_id()
    # A server goes on with a copy whose client is gone: one that appears after this would be nobody's.
    env.database.settle(env.engine, [s.database for s in found if s.volume == here])
    for swapping in (s for s in found if s.after is not None):
        _end_swap(env, swapping)
    kept = {s.database for s in store.noted(env) if s.kind != DRAFT and s.volume == here}
    live = env.data.get("live") or store.declared(env)
    for made in (s for s in left(env) if s.kind == DRAFT):
        if made.database in {live, *kept} or made.volume != here:
            store.forget(made)
        else:
            drop(env, made)


def _end_swap(env: Environment, swapping: State) -> None:
    assert env.database
    assert swapping.after is not None
    if env.database.renames:
        happened = at(env, swapping).exists(env.engine)
    else:
        happened = env.data.get("live") == swapping.after["live"]
    if not happened:
        store.forget(swapping)  # the database that it speaks of is the live one, or none
        return
    if env.database.renames:
        env.note_data(dict(swapping.after))
    for took in (s for s in store.noted(env) if s.id == swapping.took):
        store.forget(took)
    _settle_aside(env, swapping)
    output.say("a command was interrupted after it had put other data in place: that is live now, inv dev.state list")
