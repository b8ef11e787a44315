"""What a command answers: exactly one JSON object, of which every text may become an environment variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

# No process can be given a NUL, and no file in UTF-8 holds half of a surrogate pair.
UNFIT = re.compile("[\0\ud800-\udfff]")


def parse(text: str) -> dict[str, Any]:
    """The object that a text is. ValueError, whose text says what it is instead, where it is none that we can use."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueError(repr(text[:80]))
    unfit = next(filter(UNFIT.search, _texts(value)), None)
    if unfit is not None:
        raise ValueError(f"one with {unfit[:80]!r}, which no environment variable can hold")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _texts(value: Any) -> Iterator[str]:
    """Every text in it, keys included."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            todo += [*part, *part.values()]
        elif isinstance(part, list):
            todo += part
