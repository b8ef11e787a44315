"""Fingerprints: short names for the content of files. The same content gives the same name."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# Folders with dependencies or generated files. They can be huge, so they are skipped.
SKIPPED = {".git", ".dev", ".venv", "venv", "node_modules", "__pycache__"}


def of_files(root: Path, paths: Iterable[Path]) -> str:
    """A fingerprint of names and contents. A missing file is part of it."""
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        content = path.read_bytes() if path.is_file() else None
        size = "not there" if content is None else str(len(content))
        digest.update(os.fsencode(f"{os.path.relpath(path, root)}\0{size}\0"))  # names need not be UTF-8
        digest.update(content or b"")
    return digest.hexdigest()[:16]


def of_text(*parts: str) -> str:
    """A fingerprint of texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def each(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """A fingerprint for each file, by its path from the root."""
    return {path.relative_to(root).as_posix(): _content(path) for path in paths}


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return "not readable"  # a link to nowhere, a socket


def names(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the patterns matches the path."""
    return any(re.fullmatch(_translate(pattern), path, re.DOTALL) for pattern in patterns)


def matching(root: Path, patterns: Iterable[str]) -> list[Path]:
    """The files below `root` that match one of the patterns: `*` within a name, `**/` any folders."""
    regex = re.compile("|".join(map(_translate, patterns)) or "(?!)", re.DOTALL)
    return sorted(path for path in walk(root) if regex.fullmatch(path.relative_to(root).as_posix()))


def walk(root: Path) -> Iterator[Path]:
    """All files below `root`, except in the folders in SKIPPED."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED]
        yield from (Path(folder, name) for name in files)


def ignore_pattern(text: str) -> re.Pattern[str]:
    """A pattern of a .dockerignore file: as in `matching`, and `[a-z]` for one character."""
    parts = re.split(r"(\[\^?[^/\]]+\])", text)
    classes = [part.replace("\\", r"\\") if index % 2 else _translate(part) for index, part in enumerate(parts)]
    return re.compile("".join(classes), re.DOTALL)


def _translate(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(special.get(part, re.escape(part)) for part in parts)
