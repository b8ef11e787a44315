"""The databases of a service's server: what each of them is, drafts that become states, the swap that makes one live.

What is known of them is in the server itself (databases/states.py). `look` reads all of it with one query, before
anything is decided. Each change is a list of steps, which `do` carries out and notes in the same call; so at any moment
the server says what its databases are. settling.py finishes what earlier commands left.

Drafts are databases next to the live one. They are created, filled, and put in its place in one step. If a command is
killed at any moment, the live database is the old one or the new one, and a draft is a row that says so.

Some states also have a dump, a file of this machine (dumps.py), which outlives the server.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.base import git, process, records
from devenv.base.errors import CONFLICT, DevError
from devenv.context import workspace
from devenv.context.environment import Environment
from devenv.databases import find
from devenv.databases.database import Database
from devenv.databases.states import (
    ASIDE,
    DRAFT,
    LIVE,
    PREVIOUS,
    SNAPSHOT,
    UNKNOWN,
    Copy,
    Create,
    Drop,
    Note,
    State,
    Step,
    Survey,
)
from devenv.datastates import dumps, earlier
from devenv.model import fingerprint
from devenv.model.lineage import Files

GOING = "going"  # the name of a draft that is dropped in the background


def keeps(env: Environment) -> bool:
    """Whether the service has a database on whose server we keep what is known of its data.

    Without one, the record of the machine has it, for the volumes or folders that it was noted with.
    """
    return env.database is not None and env.database.keeps


def has_data(env: Environment) -> bool:
    """Whether the service's database may have data: to look at its server would make some."""
    return env.database is not None and env.engine.may_hold(env.database.service)


def files(env: Environment) -> Files:
    """The files that the data depends on, as they are in the checkout now."""
    root = env.place.root
    return fingerprint.each(root, fingerprint.matching(root, env.config.state))


def branch(env: Environment) -> str:
    """The branch that is checked out; of a detached HEAD, the commit; empty outside git."""
    named = _git(env, "symbolic-ref", "--quiet", "--short", "HEAD")
    return named or _git(env, "rev-parse", "--quiet", "--verify", "--short=12", "HEAD")


def _git(env: Environment, *words: str) -> str:
    return process.capture(git.argv(*words, at=env.place.root)).stdout.strip()


def declared(env: Environment) -> str:
    """The name of the database in compose.yaml, even if another one is live."""
    found = find.find(env.place.services)
    assert found
    return found.name


# ---- looking


def look(env: Environment) -> Environment:
    """Look at the server, which runs. Returns the environment on its live database."""
    if not keeps(env):
        return env
    assert env.database
    found = env.database.survey(env.engine)
    env.seen.pending = earlier.pending(env, found, declared(env))
    env.seen.survey = found.after([env.seen.pending]) if env.seen.pending else found
    live = env.seen.survey.live
    name = live.database if live and not is_renamed(env) else declared(env)
    return env if name == env.database.name else env.on(name)


def is_renamed(env: Environment) -> bool:
    """Whether compose.yaml has another name for the live database now, which the server can give it."""
    found, name = survey(env), declared(env)
    can = env.database is not None and env.database.renames
    return can and found.live is not None and found.live.database != name and name not in found.databases


def survey(env: Environment) -> Survey:
    """What the last look found, with what was changed since."""
    if env.seen.survey is None:
        look(env)
    assert env.seen.survey is not None
    return env.seen.survey


def every(env: Environment) -> list[State]:
    """All states that can be used: on the server, or as a dump. The oldest first. Without a look, only dumps."""
    found = env.seen.survey or Survey(frozenset())
    here = [s for s in found.states if s.kind not in (LIVE, DRAFT) and s.database in found.databases]
    known = {s.id for s in here}
    return sorted([*here, *(s for s in dumps.every(env) if s.id not in known)], key=lambda s: s.created)


def unknown(env: Environment) -> list[State]:
    """The databases that no row names. A person made them, or a record was lost.

    Without the one of compose.yaml, and those that frameworks make for tests: `test_` and the name of another.
    """
    found = survey(env)
    named = {s.database for s in found.states} | {declared(env), "postgres", "test"}  # of new servers
    tests = re.compile(f"test_({'|'.join(map(re.escape, named))})(_gw[0-9]+|_[0-9]+)?")
    return [State("", UNKNOWN, name, name) for name in sorted(found.databases - named) if not tests.fullmatch(name)]


# ---- whose data it is


def owner(env: Environment) -> dict[str, str]:
    """Whose data this is, for the row of the live database."""
    remote = _git(env, "config", "--get", "remote.origin.url")
    return {
        **owner_key(env),
        "user": records.user(),
        "checkout": str(env.place.root),
        "repository": re.sub(r"//[^/@]*@", "//", remote),  # without a password
    }


def owner_key(env: Environment) -> dict[str, str]:
    """What tells this service's data from that of others."""
    state = os.path.realpath(records.home())  # however a link leads there
    return {"state": state, "workspace": env.place.workspace, "service": env.config.service}


def is_owner(env: Environment) -> bool:
    """Whether the live data has this service as its owner."""
    live = survey(env).live
    return live is not None and _key(live.owner) == _key(owner_key(env))


def _key(known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(str(known.get(key, "")) for key in ("state", "workspace", "service"))


def check_owner(env: Environment) -> None:
    """DevError 113 if the data belongs to somebody else, who still has a record of it."""
    live = survey(env).live
    theirs = live.owner if live else {}
    if not theirs or is_owner(env) or _is_gone(theirs):
        return
    what = f"service {theirs.get('service')} in workspace {theirs.get('workspace')}, state in {theirs.get('state')}"
    raise DevError(
        CONFLICT,
        f"{env.config.service}: its data belongs to {theirs.get('user')}: {what}",
        f"to have your own: inv dev.up --workspace {workspace.another(env.place.workspace)}",
        f"to remove theirs, in {theirs.get('checkout')}: inv dev.destroy",
    )


def _is_gone(theirs: Mapping[str, str]) -> bool:
    """Whether an owner's record is certainly not there. That of another user may be out of sight."""
    state, name, service = _key(theirs)
    try:
        Path(state, name, f"{service}.json").stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


# ---- changing


def do(env: Environment, *steps: Step) -> None:
    """Carry out steps on the server. What is known of the live data is copied to the record, as a hint."""
    assert env.database
    before = survey(env)
    after = before.after(steps)
    changed = before.live != after.live
    if changed and after.live and after.live.data.get("fresh"):
        # First: a copy that says less than the server would let others write unseen, see live.used.
        note_copy(env, after)
    with ThreadPoolExecutor(max_workers=1) as pool:
        if changed:
            pool.submit(env.engine.data_id)  # for the copy; in containers it is a query of its own, and is kept
        env.database.carry_out(env.engine, steps)
    env.seen.survey = after
    if changed or _listed(before) != _listed(after):
        note_copy(env, after)


def note_copy(env: Environment, found: Survey) -> None:
    """The copy in the record, for plan and status while the server is down, and for releases up to 0.6.0."""
    copy = _hint(env, found)
    if copy != env.record.known(env.engine.name):
        env.note_data(copy)


def is_copied(env: Environment) -> bool:
    """Whether the record has the server's state. Its id of the volumes is not compared: that would need a query."""
    kept, live = env.record.known(env.engine.name), survey(env).live
    name = "" if not live or live.database == declared(env) else live.database
    return live is not None and earlier.facts(kept) == live.data and kept.get("live") == name


def _hint(env: Environment, found: Survey) -> dict[str, Any]:
    if not found.live:
        return {}
    name = found.live.database
    live = "" if name == declared(env) else name
    return earlier.signed({**found.live.data, "id": env.engine.data_id(), "live": live, "stored": _listed(found)})


def _listed(found: Survey) -> list[str]:
    """The states that hold rows of people, in words."""
    return sorted(f"{s.kind} {s.name}" for s in found.states if s.kind in (SNAPSHOT, ASIDE, PREVIOUS))


def new(env: Environment, kind: str = DRAFT, name: str = "") -> State:
    """A state with a new id and a new database name, with the facts of the live data; not noted yet."""
    id = secrets.token_hex(6)
    known = env.data
    database = f"{declared(env)[:40]}_{id}"
    return State(id, kind, name, database, known.get("files", {}), known, branch=branch(env), created=time.time())


@contextmanager
def draft(env: Environment, source: str = "", *first: Step) -> Iterator[State]:
    """A database to work in: a copy of another one, or empty. It is dropped if the block fails.

    `first`: steps that are done before, in the same call.
    """
    made = new(env)
    with discarded(env, made):
        do(env, *first, Note((made,)), Copy(source, made.database) if source else Create(made.database))
        yield made


@contextmanager
def discarded(env: Environment, made: State) -> Iterator[None]:
    """Drop a draft if the block fails. The server decides whether it still is one: it may have become live."""
    try:
        yield
    except BaseException:
        with suppress(DevError):  # then the next command does it
            env.seen.survey = None
            there = survey(env).of(made.id)
            if there and there.kind == DRAFT:
                assert env.database
                env.database.settle(env.engine, [made.database])
                drop(env, there)
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


def _dropping(gone: State) -> list[Step]:
    # Marked as a draft first: on some servers a killed DROP leaves half of the tables.
    return [Note((replace(gone, kind=DRAFT),)), Drop(gone.database), Note(gone=(gone.id,))]


def drop(env: Environment, gone: State) -> None:
    """Remove a state with its rows and its dump.

    The dump first: if the command is killed in between, the state is still complete, on the server.
    """
    dumps.remove(env, gone)
    if gone.database:
        steps = _dropping(gone)
        try:
            do(env, *steps)
        except DevError:
            do(env, *steps[1:])  # freeing space must work on a full disk, which may have no room for the mark


def on_server(env: Environment, stored: State) -> State:
    """The same state with its rows on the server, loaded from its dump if only that exists."""
    if stored.database:
        return stored
    with draft(env) as made:
        at(env, made).load(env.engine, dumps.of(env, stored))
        loaded = replace(stored, database=made.database)
        do(env, Note((loaded,), gone=(made.id,)))
    return loaded


def use(env: Environment, stored: State, kind: str, name: str) -> Environment:
    """Make a copy of a state the live data; see `swap`."""
    made = new(env)
    source = on_server(env, stored).database
    first = (Note((made,)), Copy(source, made.database))
    with discarded(env, made):
        return swap(env, made, known_of_copy(stored, made.branch), kind, name, first)


def use_empty(env: Environment, kind: str, name: str) -> Environment:
    """Make an empty database the live one, for an app whose database name is fixed; see `swap`."""
    with draft(env) as made:
        return swap(env, made, {}, kind, name)


def known_of_copy(stored: State, branch: str) -> dict[str, Any]:
    """What is known of data that was copied from a state: it has a new generation, so that wiring runs again."""
    return {**stored.data, "generation": secrets.token_hex(8), "state": stored.id, "branch": branch}


def swap(
    env: Environment, made: State, known_then: Mapping[str, Any], kind: str, name: str, first: Sequence[Step] = ()
) -> Environment:
    """Make a state live, with `known_then` as what is known of it. Returns the environment on the new live data.

    Either all of it happens or nothing. The old live data is kept as a state of that kind and name; as a DRAFT it is
    dropped. `first`: steps that make the state, to be done in the same call.
    """
    assert env.database
    found = survey(env)
    old = found.live
    assert old
    moved = f"{declared(env)[:40]}_{secrets.token_hex(6)}" if env.database.renames else old.database
    renames = [(old.database, moved), (made.database, old.database)] if env.database.renames else []
    live = replace(made, kind=LIVE, name=LIVE, data=dict(known_then), owner=old.owner, created=time.time())
    live = replace(live, database=old.database if env.database.renames else made.database)
    known = {"branch": str(old.data.get("branch", "")), "files": old.data.get("files", {}), "created": time.time()}
    name = GOING if kind == DRAFT else name or old.id
    aside = replace(old, kind=kind, name=name, database=moved, key="", **known)
    dropped = [aside] if kind == DRAFT else [s for s in found.states if s.kind == kind == PREVIOUS]
    older = [replace(s, kind=DRAFT, name=GOING, created=time.time()) for s in dropped if s is not aside]
    do(env, *first, Note((aside, live, *older), renames=renames))
    steps = [step for s in dropped for step in (Drop(s.database), Note(gone=(s.id,)))]
    # Nobody waits for the end: the rows say that these are drafts, so settling.py does what is left of it.
    if env.database.discard(env.engine, steps):
        env.seen.survey = survey(env).after(steps)
    return env if env.database.renames else env.on(live.database)


def note(env: Environment, known: Mapping[str, Any]) -> Note:
    """The step that writes what is known of the live data now."""
    live = survey(env).live
    assert live
    return Note((replace(live, data=dict(known)),))
