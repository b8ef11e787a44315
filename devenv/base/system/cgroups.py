"""The memory of a group of processes, as Linux counts it and container engines pass it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_use(usage: Any, details: Mapping[str, Any]) -> int:
    """Bytes in use without the page cache that can be dropped, as `docker stats` counts.

    `details`: the content of `memory.stat`, whose names differ between cgroups of version 1 and 2.
    """
    cached = details.get("total_inactive_file", details.get("inactive_file", 0))
    return max(0, int(usage) - int(cached))
