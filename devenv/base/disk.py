"""Files that survive a power cut: what has to be on the disk before it is relied on."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_tree(folder: Path) -> None:
    """`sync` for a folder with everything in it. Symbolic links are not followed."""
    for where, _, names in os.walk(folder):
        for path in (Path(where, name) for name in names):
            if not path.is_symlink():
                sync(path)
        sync(Path(where))


def add_line(file: Path, line: str) -> None:
    """Add a line to a file that only this user can read. It is made if it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+", encoding="utf-8") as stream:
        before = stream.read()
        separator = "\n" if before and not before.endswith("\n") else ""
        stream.write(f"{separator}{line}\n")


def replace(target: Path, text: str, mode: int, lasting: bool = True) -> None:
    """Write a file in one step, so that a reader never sees half of one.

    `lasting`: after a power cut, too, it is whole. Without it, that is left to chance, and nothing waits for the disk.
    """
    draft = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        if lasting:
            os.fsync(stream.fileno())
    os.replace(draft, target)
    if lasting:
        sync(target.parent)
