"""The stored states of a service's data: what this machine knows of each, and the dumps of those that were built.

One folder each below the machine's state, `WORKSPACE/SERVICE/states/ENGINE/ID/`: `state.json`, written in one step,
and for some a `dump`. The rows themselves lie in a database of the server, `State.database`. A folder comes before its
database and goes after it, so that nothing of ours is ever on a server without being listed here.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from devenv.base import process, records
from devenv.context.environment import Environment
from devenv.databases import find
from devenv.model import fingerprint
from devenv.model.lineage import Files

FILE = "state.json"
DRAFT = "draft"  # on its way to become one of the others, or the live database; removed when its command was killed
BUILT = "built"  # migrated and seeded by us, and nothing else: it can be built again
SNAPSHOT = "snapshot"  # asked for by a name
ASIDE = "aside"  # was live, until a branch came that lacks one of its migrations
PREVIOUS = "previous"  # was live, until dev.reset or dev.restore


@dataclass(frozen=True)
class State:
    """One stored state. `created` is in seconds since the epoch."""

    id: str
    kind: str
    name: str  # what people call it: a snapshot's name, a scenario, a branch
    database: str  # its name on the server
    volume: str  # Engine.data_id of the server that holds it
    files: Files  # that it was made with
    data: Mapping[str, Any]  # what the record says of the data in it, see operations/data.py
    key: str = ""  # of a built one: what it was made from, see operations/building.py
    branch: str = ""
    created: float = 0.0
    program: str = ""  # of a built one: the database's image
    after: Mapping[str, Any] | None = None  # while it is being swapped: what the record will say of the live data
    took: str = ""  # the id of the state that becomes live in that swap
    folder: Path = field(default=Path(), compare=False)

    @property
    def dump(self) -> Path:
        """Where its dump lies, if it has one."""
        return self.folder / "dump"

    @property
    def dumped(self) -> int:
        """Bytes of its dump."""
        return self.dump.stat().st_size if self.dump.is_file() else 0


def home(env: Environment) -> Path:
    """The folder of all states of this service on this engine."""
    return records.path(env.place.workspace, env.config.service).with_suffix("") / "states" / env.engine.name


def files(env: Environment) -> Files:
    """The files that the data depends on, as they are in the checkout now."""
    root = env.place.root
    return fingerprint.each(root, fingerprint.matching(root, env.config.state))


def noted(env: Environment) -> list[State]:
    """All that this machine has noted, what a killed command left included. The oldest first."""
    found = [_read(path) for path in home(env).glob(f"*/{FILE}")]
    return sorted((s for s in found if s), key=lambda s: s.created)


def every(env: Environment) -> list[State]:
    """All that can be used: finished, and on this server or with a dump. The oldest first."""
    here = env.engine.data_id()
    return [s for s in noted(env) if s.kind != DRAFT and (s.volume == here or s.dump.is_file())]


def begin(env: Environment, kind: str, name: str, database: str = "", **more: Any) -> State:
    """Note a state that is about to be made; without a name, its database gets one that nobody has."""
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
    """The name of the database as compose.yaml has it, whichever is live."""
    found = find.find(env.place.services)
    assert found
    return found.name


def write(made: State) -> State:
    """Note what is known of a state, in one step."""
    made.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = {key: value for key, value in asdict(made).items() if key != "folder"}
    records.replace_file(made.folder / FILE, json.dumps(known, indent=2, sort_keys=True) + "\n")
    return made


def forget(gone: State) -> None:
    """Remove what this machine knows of a state, its dump too. Its database is the caller's."""
    (gone.folder / FILE).unlink(missing_ok=True)  # first: what is left of a folder without it is no state
    shutil.rmtree(gone.folder, ignore_errors=True)


def branch(env: Environment) -> str:
    """The branch that is checked out; empty where none is."""
    head = ["git", "-C", str(env.place.root), "symbolic-ref", "--quiet", "--short", "HEAD"]
    return process.capture(head).stdout.strip()


def _read(path: Path) -> State | None:
    try:
        known = json.loads(path.read_text())
        names = {f.name for f in fields(State)}
        return State(**{key: value for key, value in known.items() if key in names}, folder=path.parent)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
