"""What is known of the databases of one server. It is kept in that server, next to them, so the two are never apart.

A small database of ours has one table, `states`, with a row for each database: whether it is the live one, a snapshot
and so on, and the facts about it. `Database.survey` reads all of it with one query. `Database.carry_out` changes
databases and rows. These are the values that both work with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Union

from devenv.model.lineage import Files

LIVE = "live"  # the app works on it
DRAFT = "draft"  # becomes one of the others, or the live one; removed if its command was killed
BUILT = "built"  # only migrated and seeded by devenv: it can be built again
SNAPSHOT = "snapshot"  # made by dev.snapshot
ASIDE = "aside"  # was live, until a branch was checked out that lacks one of its migrations
PREVIOUS = "previous"  # was live, until dev.reset or dev.restore
UNKNOWN = "unknown"  # a database that no row names: it is shown, and never changed


@dataclass(frozen=True)
class State:
    """One database and what is known of it. `created` is in seconds since the epoch."""

    id: str
    kind: str
    name: str  # for people: a snapshot's name, a scenario, a branch
    database: str  # its name on the server; empty if there is only a dump
    files: Files = field(default_factory=dict)  # the files that it was made with
    data: Mapping[str, Any] = field(default_factory=dict)  # how far it was prepared, see datastates/live.py
    key: str = ""  # of a built one: the key of its layer, see layers.Layer
    branch: str = ""
    created: float = 0.0
    program: str = ""  # of a built one: the database's image
    owner: Mapping[str, str] = field(default_factory=dict)  # of the live one: whose data it is, see store.owner
    other: Mapping[str, Any] = field(default_factory=dict)  # facts of a newer release, kept as they are

    @property
    def facts(self) -> str:
        """Everything except the columns of its row, as JSON in ASCII."""
        known = {key: value for key, value in vars(self).items() if key not in COLUMNS}
        return json.dumps({**known.pop("other"), **known}, sort_keys=True)


COLUMNS = ("id", "kind", "database")


def read(id: str, kind: str, database: str, facts: Any) -> State | None:
    """A row as a state; None if its facts are not valid, as after an edit by hand."""
    try:
        known = {**(json.loads(facts) if isinstance(facts, str) else facts), "id": id, "kind": kind}
        known["database"] = database
        names = {each.name for each in fields(State)} - {"other"}
        other = {key: value for key, value in known.items() if key not in names}
        made = State(**{key: value for key, value in known.items() if key in names}, other=other)
        valid = all(isinstance(each, Mapping) for each in (made.files, made.data, made.owner))
        return made if valid and isinstance(made.created, (int, float)) else None
    except (ValueError, TypeError):
        return None


class Survey(NamedTuple):
    """What one look at a server found."""

    databases: frozenset[str]  # all of them, except the server's own and ours
    states: tuple[State, ...] = ()
    kept: bool = False  # whether the table exists
    admitted: str = ""  # Database.mark of what was done for the app's account
    stale: bool = False  # whether text is sorted in another way than when the indexes were built

    @property
    def live(self) -> State | None:
        """The row of the live database."""
        return next((state for state in self.states if state.kind == LIVE), None)

    def of(self, id: str) -> State | None:
        """The row with this id."""
        return next((state for state in self.states if state.id == id), None)

    def after(self, steps: Iterable[Step]) -> Survey:
        """What a look would find after these steps."""
        found = self
        for step in steps:
            found = step.applied(found)
        return found


@dataclass
class Seen:
    """The last look at a server. The command that holds the lock keeps it up to date with what it changes."""

    survey: Survey | None = None
    pending: Note | None = None  # records of an earlier release, not on the server yet: datastates/earlier.py
    warned: bool = False  # that data is gone
    listing: Callable[[], list[str] | None] | None = None  # a command that was begun: datastates/packages.py


class Note(NamedTuple):
    """Write and remove rows, and give databases other names: all of it or nothing."""

    put: Sequence[State] = ()
    gone: Sequence[str] = ()  # ids
    renames: Sequence[tuple[str, str]] = ()  # in this order; only for a server that `renames`

    def applied(self, found: Survey) -> Survey:
        """The survey after it."""
        names = set(found.databases)
        for old, new in self.renames:
            names = (names - {old}) | {new}
        replaced = {state.id for state in self.put} | set(self.gone)
        kept = [state for state in found.states if state.id not in replaced]
        return found._replace(databases=frozenset(names), states=(*kept, *self.put))


class Create(NamedTuple):
    """Make an empty database."""

    name: str

    def applied(self, found: Survey) -> Survey:
        """The survey after it."""
        return found._replace(databases=found.databases | {self.name})


class Copy(NamedTuple):
    """Make a database as a copy of another. The sessions of the source are ended."""

    source: str
    name: str

    def applied(self, found: Survey) -> Survey:
        """The survey after it."""
        return found._replace(databases=found.databases | {self.name})


class Drop(NamedTuple):
    """Remove a database if it exists, and end its sessions."""

    name: str

    def applied(self, found: Survey) -> Survey:
        """The survey after it."""
        return found._replace(databases=found.databases - {self.name})


Step = Union[Note, Create, Copy, Drop]
