"""What the files that a database's content depends on say about it: pure code over paths and fingerprints.

The files are those of `state:` in dev.yaml. Some are migrations, each applied once. Files of seeds create rows after
all migrations. All others (lock files, settings) may bring migrations from packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from posixpath import basename, dirname

from devenv.model import fingerprint

Files = Mapping[str, str]  # path from the root of the repository → fingerprint of the content
SEEDS = r"(?i)(.*/)?[^/]*(seed|fixture)[^/]*(/.*|$)"


def migrations(files: Files, patterns: Iterable[str]) -> Files:
    """The files that are migrations."""
    patterns = tuple(patterns)
    return {path: content for path, content in files.items() if fingerprint.names(patterns, path)}


def schema_files(files: Files, patterns: Iterable[str]) -> Files:
    """The files that decide the content of a migrated database before it is seeded."""
    applied = migrations(files, patterns)
    return {path: content for path, content in files.items() if path in applied or not re.fullmatch(SEEDS, path)}


def others(files: Files, patterns: Iterable[str]) -> Files:
    """The files that are neither migrations nor seeds: lock files and the like, which decide the packages."""
    applied = migrations(files, patterns)
    return {path: content for path, content in schema_files(files, patterns).items() if path not in applied}


def lost(applied: Files, now: Files, patterns: Iterable[str]) -> list[str]:
    """The applied migrations that are not in the checkout any more, in words."""
    before = migrations(applied, patterns)
    words = {path: "changed" if path in now else "missing" for path in before if now.get(path) != before[path]}
    return [f"{path} is {what}" for path, what in sorted(words.items())]


def is_ancestor(older: Files, newer: Files, patterns: Iterable[str]) -> bool:
    """Whether migrating on from `older`, before it was seeded, is provably the same as migrating from nothing.

    It is if nothing else changed, every old migration is unchanged, and the names of the new ones come after all others
    in their folder: then no tool would have applied one of them earlier.
    """
    patterns = tuple(patterns)
    old, new = migrations(older, patterns), migrations(newer, patterns)
    rest = others(older, patterns) == others(newer, patterns)
    return rest and old.items() <= new.items() and all(_is_later(path, old) for path in new.keys() - old)


def key(*parts: object) -> str:
    """The key of a state: the same parts give the same key."""
    return fingerprint.of_text(*(repr(sorted(p.items())) if isinstance(p, Mapping) else repr(p) for p in parts))


def _is_later(path: str, others: Files) -> bool:
    """Whether a file comes after all others in its folder. __init__.py and the like are not migrations.

    Some tools sort names as texts, some by the numbers in them: V10 after V9. It has to be later in both orders.
    """
    name = basename(path)
    names = [basename(other) for other in others if dirname(other) == dirname(path)]
    ours = [other for other in names if not other.startswith("_")]
    return name.startswith("_") or all(name > other and _numbered(name) > _numbered(other) for other in ours)


def _numbered(name: str) -> list[tuple[int, str]]:
    """A sort key that sorts names by the numbers in them."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
