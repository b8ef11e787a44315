"""Which migration touched an object last: the newest file that mentions it. Best effort; empty where none is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from devenv.model.catalogue import DEFINITION, EXISTENCE, ORDER, Difference, Thing

NUMBER = re.compile(r"[Vv]?(\d+)(?=[_.-])")  # 0007_price, 20240131120000-price, V7__price; not Alembic's 1a2b3c_price


def last(difference: Difference, files: Mapping[str, str]) -> str:
    """The newest of the migrations (path → text) that mentions what differs: its name without the suffix.

    Empty where several mention it and their names do not say which is newer.
    """
    found = [path for path, text in files.items() if _mentions(path, text, difference)]
    numbers = [NUMBER.match(PurePosixPath(path).name) for path in found]
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
    """Whether it mentions the table of an index or a constraint, and each column of that."""
    listed = re.search(r"\(([^()]*)\)", str(thing.facts.get(DEFINITION, "")))
    columns = re.findall(r"\w+", listed[1]) if listed else []
    return bool(columns) and _table(path, text, thing.table) and all(_column(text, name) for name in columns)


def _table(path: str, text: str, table: str) -> bool:
    """Whether it mentions a table, or the model behind it: Django's courses_course is the model Course of courses."""
    app = PurePosixPath(path).parent.parent.name
    model = table[len(app) + 1 :] if app and table.startswith(f"{app}_") else ""
    named = rf"[\"']{re.escape(model)}[\"']"
    return _word(text, table) or bool(model and re.search(named, text, re.IGNORECASE))


def _column(text: str, name: str) -> bool:
    return _word(text, name) or (name.endswith("_id") and _word(text, name[: -len("_id")]))


def _word(text: str, word: str) -> bool:
    return bool(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE))
