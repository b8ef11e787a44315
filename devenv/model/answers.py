"""The answer of a command: exactly one JSON object. Every text in it may become an environment variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

# Environment variables cannot contain NUL, and UTF-8 files cannot contain half of a surrogate pair.
UNFIT = "[\0\ud800-\udfff]"

ADDRESS = r"https?://[A-Za-z0-9._:\[\]-]+(?:/[!-~]*)?"
KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("service", "url", "internal_url", "data", "image", "workspace", "engine", "checkout"), str),
    **dict.fromkeys(("services", "logins", "requires", "steps"), list),
    **dict.fromkeys(("memory", "budget", "seconds"), (int, float, type(None))),
    **{"healthy": bool, "outputs": dict},
}


def parse(text: str) -> dict[str, Any]:
    """Parse a text as such an object. ValueError if it is not one; its text says what it is instead."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueError(repr(text[:80]))
    unfit = next((text for text in _texts(value) if re.search(UNFIT, text)), None)
    if unfit is not None:
        raise ValueError(f"one with {unfit[:80]!r}, which no environment variable can hold")
    return value


def check(answer: Mapping[str, Any], service: str) -> None:
    """ValueError if a key of the protocol has another type than in CONTRACT.md, or it is the answer of another service.

    A missing key is allowed: earlier releases have fewer.
    """
    for key, kind in KINDS.items():
        if key in answer and not isinstance(answer[key], kind):
            raise ValueError(f"one whose `{key}` is {json.dumps(answer[key])[:80]}")
    if answer.get("service", service) != service:
        raise ValueError(f"that of the service {answer['service'][:80]!r}")
    for key in ("url", "internal_url"):
        if key in answer and not re.fullmatch(ADDRESS, answer[key]):
            raise ValueError(f"one whose `{key}` is {answer[key][:80]!r}")


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
