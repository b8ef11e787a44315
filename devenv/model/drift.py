"""Differences of two catalogues in words for people, and as values for programs."""

from __future__ import annotations

import difflib
from typing import Any

from devenv.model.catalogue import EXISTENCE, NAME, Difference

LONG = 120  # characters of a value that a sentence can still hold
IS = ("type", "nullability", "version")  # aspects that a sentence need not name
PLACES = ("in production", "after a fresh migration")
SERVER_PLACES = (PLACES[0], "in compose.yaml")


def words(difference: Difference, migration: str) -> list[str]:
    """One difference as a line, with the lines of a long definition that differ indented below it."""
    first, *rest = _sentence(difference)
    touched = f"; last touched by {migration}" if migration else ""
    head = f"{'soft: ' if difference.soft else ''}{first}{touched}{':' if rest else ''}"
    return [head, *(f"  {line}" for line in rest)]


def value(difference: Difference, migration: str) -> dict[str, Any]:
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
    """The lines that differ: `-` production's, `+` those after a fresh migration."""
    lines = difflib.ndiff(production.splitlines(), fresh.splitlines())
    return [line.rstrip() for line in lines if line[:1] in "-+"]
