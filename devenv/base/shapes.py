"""JSON files of this machine as they should be. They may be damaged, or of another version of the tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ANY = "*"  # in an object: every other key


def read(path: Path, shape: Any) -> Any:
    """The content of a file as `shaped` keeps it; None if the file is missing, or holds no JSON of that shape."""
    try:
        return shaped(json.loads(path.read_bytes()), shape)
    except (OSError, ValueError, RecursionError):
        return None


def shaped(value: Any, shape: Any) -> Any:
    """A value without the parts that have another shape; None if all of it has.

    `shape`: a type; `[shape]`, a list; `{"key": shape, ANY: shape}`, an object. Keys without a shape stay as they are.
    """
    if isinstance(shape, list):
        found = [shaped(each, shape[0]) for each in value] if isinstance(value, list) else None
        return found and [each for each in found if each is not None]
    if isinstance(shape, dict):
        return _object(value, shape) if isinstance(value, dict) else None
    return value if isinstance(value, shape) and (shape is bool or not isinstance(value, bool)) else None


def _object(value: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    found = dict(value)
    for key in value:
        wanted = shape.get(key, shape.get(ANY))
        kept = value[key] if wanted is None else shaped(value[key], wanted)
        if wanted is not None and kept is None:
            del found[key]
        else:
            found[key] = kept
    return found
