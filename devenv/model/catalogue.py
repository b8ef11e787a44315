"""A database's catalogue as plain values, the differences between two of them, and how they are reported.

A difference is reported in words for people and as a value for programs, with the migration that touched the object
last: the newest file that mentions it. That is best effort; it is empty if no file is found.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Callable, NamedTuple

# In the order in which differences are reported. Parts of a table follow the table, and are left out if the whole table
# exists on one side only.
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
NAMELESS = ("constraint", "index")  # identified by their definition: their name does not matter to queries
EXISTENCE, NAME, ORDER, DEFINITION = "existence", "name", "column order", "definition"
SAME = (("definition", "name"), ("definition",), ("name",))  # what two things must have in common to be the same
PARTITION = "partition of"  # partitions are created and dropped with the data
LONG = 120  # longer values are not put into a sentence
IS = ("type", "nullability", "version")  # aspects that a sentence does not name
PLACES = ("in production", "after a fresh migration")
SERVER_PLACES = (PLACES[0], "in compose.yaml")
NUMBER = r"[Vv]?(\d+)(?=[_.-])"  # 0007_price, 20240131120000-price, V7__price; not Alembic's 1a2b3c_price
PARTS = {"postgres": 1}  # numbers in a major version; two for others: MySQL 8.0 and 8.4, MariaDB 10.6 and 10.11


class Thing(NamedTuple):
    """One object of a catalogue. `table`: the table it belongs to, or empty; `facts`: plain values by aspect."""

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
    """One aspect in which production and a fresh migration differ; `soft` if it does not affect running code."""

    thing: Thing  # as after a fresh migration, if it exists there
    aspect: str
    production: Any
    fresh: Any
    soft: bool = False


Pair = tuple[Thing, Thing]


def compare(production: Iterable[Thing], fresh: Iterable[Thing]) -> list[Difference]:
    """All differences between two catalogues: soft ones last, each in the order of KINDS, then by name."""
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
    """Pairs of the same object on both sides: matched by table and name; NAMELESS ones first by definition."""
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
    """The differences of one object."""
    aspects = [a for a in {**production.facts, **fresh.facts} if a != "position"]
    values = [(aspect, production.facts.get(aspect), fresh.facts.get(aspect)) for aspect in aspects]
    found = [Difference(fresh, aspect, before, after) for aspect, before, after in values if before != after]
    if production.name != fresh.name:
        found.append(Difference(fresh, NAME, production.name, fresh.name, soft=True))
    return found


def _notable(things: Iterable[Thing], paired: set[int]) -> list[Thing]:
    """Objects on one side only, without those of a table that is on one side only."""
    alone = [thing for thing in things if id(thing) not in paired]
    tables = {thing.name for thing in alone if thing.kind == "table"}
    return [thing for thing in alone if thing.table not in tables]


def _lone(thing: Thing, in_production: bool) -> Difference:
    return Difference(thing, EXISTENCE, in_production, not in_production, soft=bool(thing.facts.get(PARTITION)))


def _orders(pairs: Iterable[Pair]) -> list[Difference]:
    """The tables whose common columns have another order."""
    columns: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair[0].kind == "column":
            columns.setdefault(pair[0].table, []).append(pair)
    tables = [fresh for _, fresh in pairs if fresh.kind == "table"]
    found = [(table, *_names(columns.get(table.name, []))) for table in tables]
    return [Difference(table, ORDER, before, after, soft=True) for table, before, after in found if before != after]


def _names(columns: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """Names of columns, in production's order and in that of a fresh migration."""
    before, after = ([pair[side].name for pair in sorted(columns, key=_at(side))] for side in (0, 1))
    return before, after


def _at(side: int) -> Callable[[Pair], int]:
    return lambda pair: int(pair[side].facts.get("position", 0))


def _rank(difference: Difference) -> tuple[Any, ...]:
    thing = difference.thing
    return (difference.soft, KINDS.index(thing.kind), thing.table, thing.name, difference.aspect)


def in_words(difference: Difference, migration: str) -> list[str]:
    """One difference as a line. Below it, indented, the differing lines of a long definition."""
    first, *rest = _sentence(difference)
    touched = f"; last touched by {migration}" if migration else ""
    head = f"{'soft: ' if difference.soft else ''}{first}{touched}{':' if rest else ''}"
    return [head, *(f"  {line}" for line in rest)]


def as_value(difference: Difference, migration: str) -> dict[str, Any]:
    """One difference as plain values. `existence`: true on the side that has the object."""
    return {
        "object": difference.thing.label,
        "aspect": difference.aspect,
        "production": difference.production,
        "fresh": difference.fresh,
        "migration": migration or None,
        "soft": difference.soft,
    }


def _sentence(difference: Difference) -> list[str]:
    label, values = _label(difference), (difference.production, difference.fresh)
    if difference.aspect == EXISTENCE:
        there, elsewhere = PLACES if difference.production else PLACES[::-1]
        return [f"{label} is there {there}, but not {elsewhere}"]
    texts = [_text(value) for value in values]
    if max(map(len, texts)) > LONG or any("\n" in text for text in texts):
        return [f"{label} has another {difference.aspect} {' than '.join(PLACES)}", *_changes(*texts)]
    verb = "is" if difference.aspect in IS else "is called" if difference.aspect == NAME else "has"
    told = [_phrase(difference.aspect, value) for value in values]
    here, there = SERVER_PLACES if difference.thing.kind == "server" else PLACES
    return [f"{label} {verb} {told[0]} {here}, {told[1]} {there}"]


def _label(difference: Difference) -> str:
    thing = difference.thing
    definition = thing.facts.get("definition", "") if difference.aspect == EXISTENCE else ""
    short = f" ({definition})" if definition and len(definition) < LONG and "\n" not in definition else ""
    return thing.label.replace("column ", "", 1) + short if thing.kind == "column" else thing.label + short


def _phrase(aspect: str, value: Any) -> str:
    if aspect in (*IS, NAME):
        return str(value)
    return f"no {aspect}" if value in (None, "") else f"{aspect} {_text(value)}"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _changes(production: str, fresh: str) -> list[str]:
    """The differing lines: `-` in production, `+` after a fresh migration."""
    lines = difflib.ndiff(production.splitlines(), fresh.splitlines())
    return [line.rstrip() for line in lines if line[:1] in "-+"]


def last_migration(difference: Difference, files: Mapping[str, str]) -> str:
    """The newest of the migrations (path → text) that mentions the object: its name without the suffix.

    Empty if several mention it and their names do not say which is newer.
    """
    found = [path for path, text in files.items() if _mentions(path, text, difference)]
    numbers = [re.match(NUMBER, PurePosixPath(path).name) for path in found]
    if len(found) > 1 and not all(numbers):
        return ""
    order = [(int(number[1]) if number else 0, path) for number, path in zip(numbers, found)]
    return PurePosixPath(max(order)[1]).stem if order else ""


def _mentions(path: str, text: str, difference: Difference) -> bool:
    thing = difference.thing
    if thing.kind == "column":
        return _table(path, text, thing.table) and _column(text, thing.name)
    if thing.kind == "table":
        return difference.aspect != ORDER and _table(path, text, thing.name)
    if _word(text, thing.name.partition("(")[0]):
        return True
    by_hand = difference.aspect == EXISTENCE and difference.production
    return not by_hand and _columns(path, text, thing)


def _columns(path: str, text: str, thing: Thing) -> bool:
    """Whether a migration mentions the table of an index or a constraint, and each of its columns."""
    listed = re.search(r"\(([^()]*)\)", str(thing.facts.get(DEFINITION, "")))
    columns = re.findall(r"\w+", listed[1]) if listed else []
    return bool(columns) and _table(path, text, thing.table) and all(_column(text, name) for name in columns)


def _table(path: str, text: str, table: str) -> bool:
    """Whether a migration mentions a table or its model: Django's courses_course is the model Course of courses."""
    app = PurePosixPath(path).parent.parent.name
    model = table[len(app) + 1 :] if app and table.startswith(f"{app}_") else ""
    named = rf"[\"']{re.escape(model)}[\"']"
    return _word(text, table) or bool(model and re.search(named, text, re.IGNORECASE))


def _column(text: str, name: str) -> bool:
    return _word(text, name) or (name.endswith("_id") and _word(text, name[: -len("_id")]))


def _word(text: str, word: str) -> bool:
    return bool(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE))


def compare_servers(production: str, image: str) -> list[Difference]:
    """The difference between `postgres 16.4` and `postgres 17`, if the image has a version."""
    known = _numbers(image)
    same = production.split()[0] == image.split()[0] and _numbers(production)[: len(known)] == known
    return [] if same else [Difference(Thing("server", "", "", {}), "version", production, image)]


def _numbers(server: str) -> list[str]:
    """The numbers in a version or in an image's tag: 17 in latest-pg17, none in latest."""
    kind, _, version = server.partition(" ")
    found = re.search(r"\d+(\.\d+)*", version)
    return found[0].split(".")[: PARTS.get(kind, 2)] if found else []
