"""What earlier commands left on the server, and what releases up to 0.6.0 noted in files: brought in order.

`unsettled` decides after each look (store.look) whether there is anything to do, and `settle` does it.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import replace

from devenv.base import events
from devenv.base.errors import DevError
from devenv.context.environment import Environment
from devenv.databases.states import DRAFT, LIVE, Note, State
from devenv.datastates import dumps, earlier, store

DROPPING = 60  # seconds that dropping a draft in the background may take
OURS = r"_[0-9a-f]{12}$"  # the end of the names that we give to databases


def unsettled(env: Environment) -> bool:
    """Whether `settle` has something to do. The server was looked at."""
    found = store.survey(env)
    whole = found.kept and found.live is not None and not env.seen.pending and not found.stale and store.is_owner(env)
    whole = whole and env.database is not None and found.admitted == env.database.mark
    left = any(_is_left(s) or s.database not in found.databases for s in found.states) or bool(dumps.left(env))
    return not whole or left or not store.is_copied(env) or store.is_renamed(env)


def _is_left(state: State) -> bool:
    """Whether it is a draft of a command that has ended, and not one that is just being dropped."""
    return state.kind == DRAFT and not (state.name == store.GOING and 0 <= time.time() - state.created < DROPPING)


def settle(env: Environment) -> None:
    """Bring the server in order: take over records of earlier releases, drop drafts. DevError 113 for others' data."""
    store.check_owner(env)
    assert env.database
    found = store.survey(env)
    if not found.kept:
        env.engine.flush(env.database.service)  # first: a server without our table may be new
    mark = env.database.mark
    if not found.kept or found.admitted != mark:
        env.database.establish(env.engine, ensure=not found.kept, admit=found.admitted != mark)
        env.seen.survey = found = found._replace(kept=True, admitted=mark)
    if found.stale:
        events.note(f"{env.database.service}: its image sorts text in another way now: building all indexes again")
        env.database.renew(env.engine)
        env.seen.survey = found._replace(stale=False)
    _settle_live(env)
    live = store.survey(env).live
    if live and store.is_renamed(env):
        name = store.declared(env)
        store.do(env, Note((replace(live, database=name),), renames=[(live.database, name)]))
    earlier.forget(env)
    _settle_drafts(env)
    dumps.clean(env)
    if not store.is_copied(env):
        store.note_copy(env, store.survey(env))


def _settle_live(env: Environment) -> None:
    """Write the rows of an earlier release, and a row for the live database that says that it is ours."""
    found, pending = store.survey(env), env.seen.pending or Note()
    live = found.live
    if not live:
        _report_unknown(env)
        live = State(secrets.token_hex(6), LIVE, LIVE, store.declared(env), created=time.time())
    elif live.data and live.database not in found.databases:
        events.warn(f"{live.database}, the live database of {env.config.service}, is not on its server any more")
        live = replace(live, data={})
    if not store.is_owner(env):
        if live.owner:
            events.note(f"the data was that of {live.owner.get('state')}, which is gone: it is taken over")
        live = replace(live, owner=store.owner(env))
    others = tuple(s for s in pending.put if s.kind != LIVE)
    if pending != Note() or live != found.live:
        store.do(env, Note((*others, live), pending.gone))
    env.seen.pending = None


def _report_unknown(env: Environment) -> None:
    """Say which databases have lost their record, before anything new is made next to them."""
    names = [s.database for s in store.unknown(env) if re.search(OURS, s.database)]
    if names:
        events.warn(f"{env.config.service}: the record of its data is lost. Its server also has {', '.join(names)}")
        events.note(f"they stay as they are; to bring one back: inv dev.restore {names[0]}")


def _settle_drafts(env: Environment) -> None:
    assert env.database
    found = store.survey(env)
    drafts = [s for s in found.states if _is_left(s)]
    if drafts:
        # A server may still copy for a killed client. Such a copy would appear after this.
        env.database.settle(env.engine, [s.database for s in drafts])
        for made in drafts:
            _drop_left(env, made)
    gone = [s.id for s in store.survey(env).states if s.kind != LIVE and s.database not in store.survey(env).databases]
    if gone:
        store.do(env, Note(gone=tuple(gone)))


def _drop_left(env: Environment, made: State) -> None:
    """Drop a draft. If the server refuses, such as for a replication slot, that is in the way of nothing else."""
    try:
        store.drop(env, made)
    except DevError as error:
        events.warn(f"{made.database}, which is not needed any more, cannot be dropped yet: {error.message}")
