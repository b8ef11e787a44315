"""stdout is for data, stderr for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def listed(lines: Iterable[str]) -> str:
    """Indented lines."""
    return "\n".join(f"  {line}" for line in lines)
