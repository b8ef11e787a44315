# Owner: the template. Do not edit: updates replace this file.
"""What a database's schema consists of, and how two of them differ, in words. Pure code over plain values.

A catalogue is {kind: {name: {aspect: value}}}. The aspect `table` says which table an object belongs to, and is not
compared itself. Soft differences are those that no query can see: the order of columns, the names of constraints, and
all that a migration tool keeps for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Facts = Mapping[str, Any]
Catalogue = Mapping[str, Mapping[str, Facts]]
OF = "table"
ORDER = "columns"  # the aspect of a table that holds its columns in their order
NAMES = frozenset({"type", "definition"})  # aspects that say what an object is


@dataclass(frozen=True)
class Difference:
    """One thing in which production is not what a fresh migration makes. No aspect: the whole object."""

    kind: str
    object: str
    aspect: str
    production: Any
    fresh: Any
    said: str
    soft: bool = False
    table: str = ""
    migration: str = ""  # which migration touched it last, where that is known

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.said}; last touched by {self.migration}" if self.migration else self.said

    def plain(self) -> dict[str, Any]:
        """For programs."""
        names = ("kind", "object", "aspect", "production", "fresh", "migration", "soft", "words")
        return {name: getattr(self, name) for name in names}


def parse(lines: str) -> Catalogue:
    """A catalogue from lines of JSON: {"kind", "name", "facts"}."""
    found: dict[str, dict[str, Facts]] = {}
    for line in lines.splitlines():
        row = json.loads(line)
        found.setdefault(row["kind"], {})[row["name"]] = row["facts"]
    return found


def differences(production: Catalogue, fresh: Catalogue, records: frozenset[str]) -> list[Difference]:
    """All differences, sorted by kind and name. `records`: the tables of migration tools, by name."""
    found = [d for kind in sorted({*production, *fresh}) for d in _of_kind(kind, production, fresh)]
    whole = {d.object for d in found if d.kind == "table" and not d.aspect}
    shown = [d for d in found if d.kind == "table" or d.table not in whole]  # with its table, all of it is missing
    return [replace(d, soft=d.soft or _short(d.table).lower() in records) for d in shown]


def _of_kind(kind: str, production: Catalogue, fresh: Catalogue) -> Iterator[Difference]:
    here, there = production.get(kind, {}), fresh.get(kind, {})
    called = _renamed(here, there) if kind == "constraint" else {}
    for old, new in called.items():
        said = f"{kind} {old} is called {_short(new)} after a fresh migration"
        yield Difference(kind, old, "name", _short(old), _short(new), said, soft=True, table=_table(old, here[old]))
    for name in sorted({*here, *there} - {*called, *called.values()}):
        if name in here and name in there:
            yield from _aspects(kind, name, here[name], there[name])
        else:
            yield _whole(kind, name, here.get(name), there.get(name))


def _renamed(here: Mapping[str, Facts], there: Mapping[str, Facts]) -> dict[str, str]:
    """What is the same in all but its name: production's name → the fresh one."""
    left = {name: there[name] for name in sorted(there.keys() - here.keys())}
    found: dict[str, str] = {}
    for name in sorted(here.keys() - there.keys()):
        same = next((other for other, facts in left.items() if facts == here[name]), None)
        if same:
            found[name] = same
            del left[same]
    return found


def _whole(kind: str, name: str, here: Facts | None, there: Facts | None) -> Difference:
    facts = here or there or {}
    subject = f"{kind} {name}{_what(facts)}"
    if here is None:
        said = f"{subject} is missing in production"
    else:
        said = f"{subject} is in production alone: no migration makes it"
    return Difference(kind, name, "", here, there, said, table=_table(name, facts))


def _what(facts: Facts) -> str:
    """What an object is, where that is one line."""
    text = next((str(facts[name]) for name in sorted(NAMES) if facts.get(name)), "")
    return f" ({text})" if text and "\n" not in text else ""


def _aspects(kind: str, name: str, here: Facts, there: Facts) -> Iterator[Difference]:
    for aspect in sorted({*here, *there} - {OF}):
        ours, theirs = here.get(aspect), there.get(aspect)
        if aspect == ORDER:  # of what both have: the others are differences of their own
            ours, theirs = [c for c in ours if c in theirs], [c for c in theirs if c in ours]
        if ours != theirs:
            said = _in_words(kind, name, aspect, ours, theirs)
            yield Difference(kind, name, aspect, ours, theirs, said, aspect == ORDER, _table(name, here))


def _in_words(kind: str, name: str, aspect: str, ours: Any, theirs: Any) -> str:
    subject = name if kind == "column" else f"{kind} {name}"
    if isinstance(ours, str) and isinstance(theirs, str):
        ours, theirs = _first_differing(ours, theirs)
    (verb, one), (other_verb, other) = _phrase(aspect, ours), _phrase(aspect, theirs)
    other = other if verb == other_verb else f"{other_verb} {other}"
    return f"{subject} {verb} {one} in production, {other} after a fresh migration"


def _phrase(aspect: str, value: Any) -> tuple[str, str]:
    """A verb, and what it says of an aspect."""
    if aspect == "nullable":
        return "is", "nullable" if value else "not null"
    if value in (None, False, "", []):
        return "has", f"no {aspect}"
    if value is True:
        return "has", aspect
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ("is", text) if aspect in NAMES else ("has", f"the {aspect} {text}")


def _first_differing(ours: str, theirs: str) -> tuple[str, str]:
    """Of long texts, the first lines that differ."""
    one, other = ours.splitlines(), theirs.splitlines()
    if max(len(one), len(other)) < 2:
        return ours, theirs
    at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    first, second = (lines[at].strip() if at < len(lines) else "(no such line)" for lines in (one, other))
    return f"`{first}` in line {at + 1}", f"`{second}`"


def _table(name: str, facts: Facts) -> str:
    return str(facts.get(OF) or name)


def _short(name: str) -> str:
    """A name without what it lies in."""
    return name.rpartition(".")[2]
