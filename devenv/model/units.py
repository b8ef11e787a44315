"""Sizes and durations as people write them: 512M, 60s."""

from __future__ import annotations

import re

FACTORS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def size(text: str | int) -> int:
    """Bytes of a size such as 512M, 1.5g, 256mb or 1024 (Compose's byte values: powers of 1024)."""
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]+)?) ?([kmg]?)b?", str(text).strip().lower())
    if not found:
        raise ValueError(text)
    return int(float(found[1]) * FACTORS[found[2]])


def duration(text: str) -> float:
    """Seconds of a duration such as 200ms, 60s or 1m30s (Compose's durations, which are Go's)."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    parts = re.findall(r"([0-9.]{1,15})(us|ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(text)
    return sum(float(number) * units[unit] for number, unit in parts)
