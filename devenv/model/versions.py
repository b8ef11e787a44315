"""Versions that have an order: v2.3.0, 1.4. Anything else (a branch, a commit) is a version without one."""

from __future__ import annotations

import re
from collections.abc import Iterable

PATTERN = re.compile(r"v?(\d+(?:\.\d+)*)")


def order(version: str) -> tuple[int, ...] | None:
    """What to compare two versions by; None where the version has no order. v2.3 and v2.3.0 are equal."""
    match = PATTERN.fullmatch(version)
    if not match:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def highest(tags: Iterable[str], current: str) -> str:
    """The highest of the versions that are compatible with the current one: the same major."""
    fitting = [tag for tag in tags if order(tag) and major(tag) == major(current)]
    return max([current, *fitting], key=lambda tag: order(tag) or ())


def major(version: str) -> int | None:
    """The number that changes when a release breaks its users."""
    found = order(version)
    return found[0] if found else None
