"""The answer of a command: exactly one JSON object. Every text in it may become an environment variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

# Environment variables cannot contain NUL, and UTF-8 files cannot contain half of a surrogate pair.
UNFIT = re.compile("[\0\ud800-\udfff]")


def parse(text: str) -> dict[str, Any]:
    """Parse a text as such an object. ValueError if it is not one; its text says what it is instead."""
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
    """Every text in it, including keys."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            todo += [*part, *part.values()]
        elif isinstance(part, list):
            todo += part
