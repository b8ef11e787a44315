"""What releases up to 0.6.0 noted of a server's databases, for the server itself to keep.

They had it in files: `data` in the machine's record for the live database, and `states/ENGINE/ID/state.json` for each
other one. A service that is pinned at such a release may run on the same data again later (git bisect), and writes them
again. So each look at the server also looks for them. The copy in the record that this release writes is signed.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.base import records
from devenv.context.environment import Environment
from devenv.databases import states
from devenv.databases.states import DRAFT, LIVE, Note, State, Survey
from devenv.datastates import dumps
from devenv.model import fingerprint

FILE = "state.json"
SUM = "sum"  # the signature
OURS = (SUM, "id", "live", "stored")  # keys of the copy that are not facts about the data


def signed(copy: Mapping[str, Any]) -> dict[str, Any]:
    """A copy for the record, with a signature. Earlier releases keep it when they change something else."""
    known = {key: value for key, value in copy.items() if key != SUM}
    return {**known, SUM: fingerprint.of_text(json.dumps(known, sort_keys=True))}


def is_signed(copy: Mapping[str, Any]) -> bool:
    """Whether this release wrote it, and nothing changed it since."""
    return bool(copy.get(SUM) == signed(copy)[SUM])


def facts(copy: Mapping[str, Any]) -> dict[str, Any]:
    """What a copy says about the data."""
    return {key: value for key, value in copy.items() if key not in OURS}


def pending(env: Environment, found: Survey, declared: str) -> Note | None:
    """The rows that an earlier release noted, and the server does not have yet; None without any."""
    copy, noted = env.record.known(env.engine.name), _noted(env)
    theirs = bool(copy) and not is_signed(copy) and _is_here(env, copy.get("id"))
    if theirs and found.live:
        # A damaged copy is not signed either. What the server has is better than a part of it.
        theirs = records.is_whole(env.place.workspace, env.config.service)
    if not theirs and not noted:
        return None
    live = found.live.database if found.live else declared
    known = None
    if theirs:
        live, known = str(copy.get("live") or declared), facts(copy)
    taken = set()  # by a swap: the draft or state that became live
    for raw in [raw for raw in noted if raw.get("after") is not None]:  # its command was killed in the middle of a swap
        if not _happened(env, found, raw, live):
            noted.remove(raw)
            continue
        taken.add(raw.get("took"))
        if env.database and env.database.renames:
            known = facts(raw["after"])
    kept = [made for raw in noted if raw["id"] not in taken for made in [_state(raw)] if made]
    put = _on_server(found, kept, live)
    if known is not None:
        row = found.live or State(secrets.token_hex(6), LIVE, LIVE, live, created=time.time())
        put.append(replace(row, database=live, data=known))
    ids = {made.database: made.id for made in put}
    replaced = [s.id for s in found.states if ids.get(s.database, s.id) != s.id and s.id not in ids.values()]
    return Note(tuple(put), tuple(replaced))


def forget(env: Environment) -> None:
    """Remove the files, now that the server has it all. Dumps stay, described in the way of this release."""
    for raw in _noted(env):
        made = _state(raw)
        if made and made.kind != DRAFT and dumps.size(env, made):
            dumps.describe(env, made)
        (dumps.home(env) / raw["id"] / FILE).unlink(missing_ok=True)


def _noted(env: Environment) -> list[dict[str, Any]]:
    """The files that are about this server. Those of a volume elsewhere stay, until that is looked at."""
    found = [raw for raw in map(_read, dumps.home(env).glob(f"*/{FILE}")) if raw]
    here = {volume: _is_here(env, volume) for volume in {str(raw.get("volume")) for raw in found}}
    return [raw for raw in found if here[str(raw.get("volume"))]]


def _is_here(env: Environment, noted: Any) -> bool:
    return env.database is not None and env.engine.holds(str(noted or ""), env.database.service)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        raw = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return None
    return {**raw, "id": path.parent.name} if isinstance(raw, dict) and {"kind", "database"} <= raw.keys() else None


def _state(raw: Mapping[str, Any]) -> State | None:
    known = {key: value for key, value in raw.items() if key not in ("volume", "after", "took", "folder")}
    data = known.get("data")
    known["data"] = facts(data) if isinstance(data, Mapping) else {}
    return states.read(raw["id"], raw["kind"], raw["database"], known)


def _happened(env: Environment, found: Survey, raw: Mapping[str, Any], live: str) -> bool:
    """Whether a swap whose command was killed had replaced the live database."""
    if env.database and env.database.renames:
        return raw["database"] in found.databases
    after = raw["after"]
    return isinstance(after, Mapping) and after.get("live") == live


def _on_server(found: Survey, noted: list[State], live: str) -> list[State]:
    """Those whose database is there, each once. An unfinished export noted the database of another state as a draft."""
    used = {live, *(s.database for s in found.states if s.kind not in (DRAFT, LIVE))}
    used |= {s.database for s in noted if s.kind != DRAFT}
    there = [s for s in noted if s.database in found.databases and s.database != live]
    return [s for s in there if s.kind != DRAFT or s.database not in used]
