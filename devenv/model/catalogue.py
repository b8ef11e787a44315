"""What a database's catalogue holds, as plain values, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple

# In the order in which differences are told. What belongs to a table is told of after it, and not at all where the
# whole table is on one side alone.
KINDS = (
    "server",
    "extension",
    "schema",
    "type",
    "sequence",
    "table",
    "column",
    "constraint",
    "index",
    "trigger",
    "policy",
    "view",
    "function",
    "event",
)
NAMELESS = ("constraint", "index")  # known by what they do: another name alone is no drift that a query would notice
EXISTENCE, NAME, ORDER, DEFINITION = "existence", "name", "column order", "definition"
SAME = (("definition", "name"), ("definition",), ("name",))  # what two things have in common that are one
PARTITION = "partition of"  # a table that is one comes and goes with the data


class Thing(NamedTuple):
    """One object of a catalogue. `table`: what it belongs to, or empty; `facts`: plain values by aspect."""

    kind: str
    table: str
    name: str
    facts: dict[str, Any]

    @property
    def label(self) -> str:
        """The object in words: `column course.price`, `index by_title of course`."""
        if self.kind == "column":
            return f"column {self.table}.{self.name}"
        return f"{self.kind} {self.name}".rstrip() + (f" of {self.table}" if self.table else "")


class Difference(NamedTuple):
    """One aspect in which production and a fresh migration differ; `soft` where nothing that runs would notice."""

    thing: Thing  # as it is after a fresh migration, where it is there at all
    aspect: str
    production: Any
    fresh: Any
    soft: bool = False


Pair = tuple[Thing, Thing]


def compare(production: Iterable[Thing], fresh: Iterable[Thing]) -> list[Difference]:
    """Everything in which two catalogues differ: what is soft last, each in the order of KINDS, then by name."""
    here, there = list(production), list(fresh)
    pairs = [pair for kind in KINDS for pair in _pairs(kind, _of(here, kind), _of(there, kind))]
    both = {id(thing) for pair in pairs for thing in pair}
    found = [difference for pair in pairs for difference in _aspects(*pair)]
    found += [_lone(thing, True) for thing in _notable(here, both)]
    found += [_lone(thing, False) for thing in _notable(there, both)]
    return sorted([*found, *_orders(pairs)], key=_rank)


def _of(things: Iterable[Thing], kind: str) -> list[Thing]:
    return [thing for thing in things if thing.kind == kind]


def _pairs(kind: str, production: Sequence[Thing], fresh: Sequence[Thing]) -> list[Pair]:
    """What is the same object on both sides: by table and name; what is NAMELESS by what it does first of all."""
    pairs: list[Pair] = []
    for keys in SAME if kind in NAMELESS else SAME[-1:]:
        paired = {id(thing) for pair in pairs for thing in pair}
        waiting: dict[tuple[Any, ...], list[Thing]] = {}
        for thing in fresh:
            if id(thing) not in paired:
                waiting.setdefault(_key(thing, keys), []).append(thing)
        left = [(thing, waiting.get(_key(thing, keys))) for thing in production if id(thing) not in paired]
        pairs += [(thing, same.pop(0)) for thing, same in left if same]
    return pairs


def _key(thing: Thing, keys: Sequence[str]) -> tuple[Any, ...]:
    given = {"definition": thing.facts.get(DEFINITION), "name": thing.name}
    return (thing.table, *(given[key] for key in keys))


def _aspects(production: Thing, fresh: Thing) -> list[Difference]:
    """In what one object differs."""
    aspects = [a for a in {**production.facts, **fresh.facts} if a != "position"]
    values = [(aspect, production.facts.get(aspect), fresh.facts.get(aspect)) for aspect in aspects]
    found = [Difference(fresh, aspect, before, after) for aspect, before, after in values if before != after]
    if production.name != fresh.name:
        found.append(Difference(fresh, NAME, production.name, fresh.name, soft=True))
    return found


def _notable(things: Iterable[Thing], paired: set[int]) -> list[Thing]:
    """What is on one side alone, without what belongs to a table that is."""
    alone = [thing for thing in things if id(thing) not in paired]
    tables = {thing.name for thing in alone if thing.kind == "table"}
    return [thing for thing in alone if thing.table not in tables]


def _lone(thing: Thing, in_production: bool) -> Difference:
    return Difference(thing, EXISTENCE, in_production, not in_production, soft=bool(thing.facts.get(PARTITION)))


def _orders(pairs: Iterable[Pair]) -> list[Difference]:
    """The tables whose columns, as far as they are on both sides, come in another order."""
    columns: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair[0].kind == "column":
            columns.setdefault(pair[0].table, []).append(pair)
    tables = [fresh for _, fresh in pairs if fresh.kind == "table"]
    found = [(table, *_names(columns.get(table.name, []))) for table in tables]
    return [Difference(table, ORDER, before, after, soft=True) for table, before, after in found if before != after]


def _names(columns: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """Names of columns, as production orders them and as a fresh migration does."""
    before, after = ([pair[side].name for pair in sorted(columns, key=_at(side))] for side in (0, 1))
    return before, after


def _at(side: int) -> Callable[[Pair], int]:
    return lambda pair: int(pair[side].facts.get("position", 0))


def _rank(difference: Difference) -> tuple[Any, ...]:
    thing = difference.thing
    return (difference.soft, KINDS.index(thing.kind), thing.table, thing.name, difference.aspect)
