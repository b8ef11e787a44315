"""Versions with an order: v2.3.0, 1.4. Anything else (a branch, a commit) is a version without an order."""

from __future__ import annotations

import re
from collections.abc import Iterable

PATTERN = r"v?(\d+(?:\.\d+)*)"


def order(version: str) -> tuple[int, ...] | None:
    """A key for comparing versions; None if the version has no order. v2.3 and v2.3.0 are equal."""
    match = re.fullmatch(PATTERN, version)
    if not match:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def highest(tags: Iterable[str], current: str) -> str:
    """The highest version that is compatible with the current one: it has the same major."""
    fitting = [tag for tag in tags if order(tag) and major(tag) == major(current)]
    return max([current, *fitting], key=lambda tag: order(tag) or ())


def major(version: str) -> int | None:
    """The number that changes with incompatible releases."""
    found = order(version)
    return found[0] if found else None
