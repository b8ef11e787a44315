"""The stored states of a service's data, the drafts that become states, and the swap that makes one live.

Each has a folder in the machine's state, `WORKSPACE/SERVICE/states/ENGINE/ID/`, with `state.json`, written in one step,
and sometimes a `dump`. The rows are in a database of the server, `State.database`. The folder is written before the
database is created and removed after it is dropped, so all our databases on a server are listed here.

Drafts are databases next to the live one. They are created, filled, and put in its place in one step. If a command is
killed at any moment, the live database is the old one or the new one, and `clean` finishes the rest.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from devenv.base import events, output, process, records
from devenv.context.environment import Environment
from devenv.databases import find
from devenv.databases.database import Database
from devenv.model import fingerprint
from devenv.model.lineage import Files

FILE = "state.json"
DRAFT = "draft"  # becomes one of the others, or the live database; removed if its command was killed
BUILT = "built"  # only migrated and seeded by devenv: it can be built again
SNAPSHOT = "snapshot"  # made by dev.snapshot
ASIDE = "aside"  # was live, until a branch was checked out that lacks one of its migrations
PREVIOUS = "previous"  # was live, until dev.reset or dev.restore
BUDGET = 5 * 2**30  # bytes of disk for all states, unless `budget.states` of dev.yaml says otherwise
SPARE = 500 * 2**20  # bytes of disk that the rest of the machine needs


@dataclass(frozen=True)
class State:
    """One stored state. `created` is in seconds since the epoch."""

    id: str
    kind: str
    name: str  # for people: a snapshot's name, a scenario, a branch
    database: str  # its name on the server
    volume: str  # Engine.data_id of the server that holds it
    files: Files  # the files that it was made with
    data: Mapping[str, Any]  # the record of its data, see datastates/live.py
    key: str = ""  # of a built one: the key of its layer, see live.Layer
    branch: str = ""
    created: float = 0.0
    program: str = ""  # of a built one: the database's image
    after: Mapping[str, Any] | None = None  # during a swap: the record that the live data will have
    took: str = ""  # the id of the state that becomes live in that swap
    folder: Path = field(default=Path(), compare=False)

    @property
    def dump(self) -> Path:
        """The path of its dump, if it has one."""
        return self.folder / "dump"

    @property
    def dumped(self) -> int:
        """The size of its dump in bytes."""
        return self.dump.stat().st_size if self.dump.is_file() else 0


def home(env: Environment) -> Path:
    """The folder of all states of this service on this engine."""
    return records.path(env.place.workspace, env.config.service).with_suffix("") / "states" / env.engine.name


def files(env: Environment) -> Files:
    """The files that the data depends on, as they are in the checkout now."""
    root = env.place.root
    return fingerprint.each(root, fingerprint.matching(root, env.config.state))


def noted(env: Environment) -> list[State]:
    """All states on record, including those of killed commands. The oldest first."""
    found = [_read(path) for path in home(env).glob(f"*/{FILE}")]
    return sorted((s for s in found if s), key=lambda s: s.created)


def every(env: Environment) -> list[State]:
    """All states that can be used: complete, and on this server or with a dump. The oldest first."""
    here = env.engine.data_id()
    return [s for s in noted(env) if s.kind != DRAFT and (s.volume == here or s.dump.is_file())]


def begin(env: Environment, kind: str, name: str, database: str = "", **more: Any) -> State:
    """Record a state that is about to be made. Without `database`, its database gets a new name."""
    id = secrets.token_hex(6)
    known = {
        "id": id,
        "kind": kind,
        "name": name,
        "database": database or f"{declared(env)[:40]}_{id}",
        "volume": env.engine.data_id(),
        "files": env.data.get("files", {}),
        "data": env.data,
        "branch": branch(env),
        "created": time.time(),
        "folder": home(env) / id,
    }
    return write(State(**{**known, **more}))


def declared(env: Environment) -> str:
    """The name of the database in compose.yaml, even if another one is live."""
    found = find.find(env.place.services)
    assert found
    return found.name


def write(made: State) -> State:
    """Write a state's record, in one step."""
    made.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = {key: value for key, value in asdict(made).items() if key != "folder"}
    records.replace_file(made.folder / FILE, json.dumps(known, indent=2, sort_keys=True) + "\n")
    return made


def forget(gone: State) -> None:
    """Remove a state's record and dump. The caller drops its database."""
    (gone.folder / FILE).unlink(missing_ok=True)  # first: a folder without it is not a state
    shutil.rmtree(gone.folder, ignore_errors=True)


def branch(env: Environment) -> str:
    """The branch that is checked out; empty if none is."""
    head = ["git", "-C", str(env.place.root), "symbolic-ref", "--quiet", "--short", "HEAD"]
    return process.capture(head).stdout.strip()


def _read(path: Path) -> State | None:
    try:
        known = json.loads(path.read_text())
        names = {f.name for f in fields(State)}
        return State(**{key: value for key, value in known.items() if key in names}, folder=path.parent)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


@contextmanager
def draft(env: Environment, source: str = "") -> Iterator[State]:
    """A database to work in: a copy of another one, or empty. It is dropped if the block fails."""
    made = begin(env, DRAFT, "")
    try:
        if source:
            at(env, made).copy(env.engine, source)
        else:
            at(env, made).create(env.engine)
        yield made
    except BaseException:
        if env.data.get("live") != made.database:  # it may already have become the live one
            drop(env, made)
        raise


@contextmanager
def scratch(env: Environment) -> Iterator[Environment]:
    """The service on an empty database next to the live one, which is removed afterwards."""
    with draft(env) as made:
        yield env.on(made.database)
        drop(env, made)


def at(env: Environment, stored: State) -> Database:
    """The database of a state."""
    assert env.database
    return env.database.at(stored.database)


def drop(env: Environment, gone: State) -> None:
    """Remove a state with its rows, the database first, so that every existing database is on record.

    Before that, it is marked as a draft, so that it is not used if this is killed between the two.
    """
    if gone.volume == env.engine.data_id():
        with suppress(OSError):  # freeing space must work on a full disk
            write(replace(gone, kind=DRAFT))
        at(env, gone).drop(env.engine)
    forget(gone)


def on_server(env: Environment, stored: State) -> State:
    """The same state with its rows on the server, loaded from its dump if only that exists."""
    if stored.volume == env.engine.data_id():
        return stored
    with draft(env) as made:
        at(env, made).load(env.engine, stored.dump)
    loaded = write(replace(stored, database=made.database, volume=made.volume))
    forget(made)
    return loaded


def use(env: Environment, stored: State, kind: str, name: str) -> Environment:
    """Make a copy of a state the live data; see `swap`."""
    assert env.database
    source = on_server(env, stored).database
    if not env.database.renames:
        with draft(env, source) as made:
            return swap(env, made, known_of_copy(env, stored), kind, name)
    made = begin(env, DRAFT, "")
    try:
        return swap(env, made, known_of_copy(env, stored), kind, name, source)
    except BaseException:
        drop(env, made)
        raise


def use_empty(env: Environment, kind: str, name: str) -> Environment:
    """Make an empty database the live one, for an app whose database name is fixed; see `swap`."""
    with draft(env) as made:
        return swap(env, made, {}, kind, name)


def known_of_copy(env: Environment, stored: State) -> dict[str, Any]:
    """The record of data that was copied from a state: it has a new generation, so that wiring runs again."""
    own = {
        "id": env.engine.data_id(),
        "generation": secrets.token_hex(8),
        "state": stored.id,
        "branch": branch(env),
    }
    return {**stored.data, **own}


def swap(
    env: Environment, made: State, known_then: Mapping[str, Any], kind: str, name: str, source: str = ""
) -> Environment:
    """Make the draft live, with `known_then` as its record. Returns the environment on the new live data.

    The old live data is kept as a state of that kind and name; as a DRAFT it is dropped. `source`: the database that
    the draft, which does not exist yet, will be a copy of; for servers that can rename.
    """
    assert env.database
    renames, engine = env.database.renames, env.engine
    after = {**known_then, "live": "" if renames else made.database}
    old = "" if renames else env.database.name
    aside = begin(env, kind, name, old, after=after, took=made.id, branch=env.data.get("branch", ""))
    older = _superseded(env, aside)
    if source:
        env.database.renew(engine, source, made.database, aside.database, [each.database for each in older])
    elif renames:
        env.database.take_over(engine, made.database, aside.database)
    env.note_data(after)  # if the server cannot rename, this makes the draft live
    forget(made)
    for gone in older if source else []:
        forget(gone)  # its database was dropped in the same call
    _settle_aside(env, aside)
    return env if renames else env.on(made.database)


def _superseded(env: Environment, aside: State) -> list[State]:
    """There is one `previous` at a time."""
    return [s for s in every(env) if s.kind == aside.kind == PREVIOUS and s.id != aside.id]


def _settle_aside(env: Environment, aside: State) -> None:
    """The end of a swap: the old live data becomes a normal state, or is dropped."""
    if aside.kind == DRAFT:
        drop(env, aside)
        return
    for gone in _superseded(env, aside):
        drop(env, gone)
    write(replace(aside, after=None))  # last: until then, `clean` finishes the swap


def left(env: Environment) -> list[State]:
    """The unfinished states of killed commands."""
    return [s for s in noted(env) if s.kind == DRAFT or s.after is not None] if env.database else []


def clean(env: Environment) -> None:
    """Clean up after killed commands: finish or forget swaps, remove drafts."""
    found = left(env)
    if not found:
        return
    assert env.database
    here = env.engine.data_id()
    # A server may still copy for a killed client. Such a copy would appear after this and be on no record.
    env.database.settle(env.engine, [s.database for s in found if s.volume == here])
    for swapping in (s for s in found if s.after is not None):
        _end_swap(env, swapping)
    kept = {s.database for s in noted(env) if s.kind != DRAFT and s.volume == here}
    live = env.data.get("live") or declared(env)
    for made in (s for s in left(env) if s.kind == DRAFT):
        if made.database in {live, *kept} or made.volume != here:
            forget(made)
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
        forget(swapping)  # its database is the live one, or does not exist
        return
    if env.database.renames:
        env.note_data(dict(swapping.after))
    for took in (s for s in noted(env) if s.id == swapping.took):
        forget(took)
    _settle_aside(env, swapping)
    events.note("an interrupted command had already replaced the data: the new data is live, see inv dev.state list")


def sizes(env: Environment) -> dict[str, int]:
    """The size of each state by id, with its dump, and of the live database as ``live``, in bytes."""
    assert env.database
    on_server = env.database.sizes(env.engine)
    here = env.engine.data_id()
    found = {s.id: s.dumped + (on_server.get(s.database, 0) if s.volume == here else 0) for s in every(env)}
    return {**found, "live": on_server.get(env.database.name, 0)}


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
    found = every(env)
    newest = {(s.branch, s.name): s.id for s in found if s.kind == BUILT}
    return found if all else [s for s in found if s.kind == BUILT and newest[s.branch, s.name] != s.id]


def prune(env: Environment, gone: Sequence[State]) -> None:
    """Remove states with their rows."""
    for each in gone:
        drop(env, each)


def rows(env: Environment) -> list[dict[str, Any]]:
    """The live data and each state, the newest first, for people and programs; the keys are in CONTRACT.md."""
    taken, now = sizes(env), time.time()
    live = {"id": "", "kind": "live", "name": "live", "key": "", "branch": env.data.get("branch", ""), "age": 0}
    live = {**live, "size": taken["live"], "scenarios": sorted(env.data.get("seeded", {})), "live": True}
    return [live, *(_row(s, taken[s.id], now, env.data) for s in reversed(every(env)))]


def _row(stored: State, size: int, now: float, live: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: getattr(stored, name) for name in ("id", "kind", "name", "key", "branch")}
    scenarios = sorted(stored.data.get("seeded", {}))
    is_live = live.get("state") == stored.id
    return {**known, "age": round(now - stored.created), "size": size, "scenarios": scenarios, "live": is_live}
