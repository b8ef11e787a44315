"""Small repositories as literals, and what is read from them as one flat table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from textwrap import dedent

from tools.adopt.found import Found, Reading
from tools.adopt.read.repository import read

Tree = Mapping[str, "str | bytes"]
Facts = dict[str, tuple[str, str]]


def write(root: Path, tree: Tree) -> list[str]:
    """Writes the files and returns their names, as `git ls-files` would."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
    return list(tree)


def reading(root: Path, tree: Tree) -> Reading:
    return read(root, write(root, tree))


def facts(found: Reading) -> Facts:
    """`database.variables.host`: (value, where) of each value that was found, notes left out."""
    return dict(_flat("", {field.name: getattr(found, field.name) for field in fields(found) if field.name != "notes"}))


def _flat(path: str, value: object) -> Iterator[tuple[str, tuple[str, str]]]:
    if isinstance(value, Found):
        yield path, (value.value, value.where)
        return
    inner = value if isinstance(value, Mapping) else {}
    if is_dataclass(value):
        inner = {field.name: getattr(value, field.name) for field in fields(value)}
    for key, each in inner.items():
        yield from _flat(f"{path}.{key}".lstrip("."), each)


def notes(found: Reading) -> list[str]:
    return [f"{note.where}: {note.value}" for note in found.notes]
