"""Lists of the files of a folder that was made here, so that damage is noticed: a crash, a full disk, a scanner.

A list has the size and the SHA-256 of each file, and begins with its own SHA-256. Sizes are compared at each use; the
content by dev.doctor, and after a failure. What Python compiles is left out. Standard library only, for any Python 3:
bootstrap.py loads this file by its path.
"""

import hashlib
import os
from pathlib import Path
from typing import List, Optional, Tuple

NAME = ".files"  # of a folder that has its list inside


def write(folder: Path, seal: Optional[Path] = None) -> None:
    """Write the list of a folder's files to `seal`, by default inside of it. OSError."""
    seal = seal or folder / NAME
    rows = [b"%d %s  %s\n" % (*_about(os.path.join(folder, name), True), os.fsencode(name)) for name in _names(folder)]
    text = b"".join(rows)
    draft = f"{seal}.new"
    with open(draft, "wb") as stream:
        stream.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
    os.replace(draft, seal)


def flaw(folder: Path, seal: Optional[Path] = None, whole: bool = False) -> str:
    """The first file that is missing or differs, or the list itself if it is damaged; empty if all is well.

    `whole`: compare the content, too, and not only the size.
    """
    seal = seal or folder / NAME
    try:
        with open(seal, "rb") as stream:
            digest, _, text = stream.read().partition(b"\n")
    except OSError:
        return str(seal)
    if hashlib.sha256(text).hexdigest().encode() != digest:
        return str(seal)
    for row in text.split(b"\n")[:-1]:
        about, _, name = row.partition(b"  ")
        size, wanted = about.split(b" ")
        path = os.path.join(folder, os.fsdecode(name))
        try:
            found = _about(path, whole)
        except OSError:
            return path
        if found[0] != int(size) or (whole and found[1] != wanted):
            return path
    return ""


def _names(folder: Path) -> List[str]:
    found: List[str] = []
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        found += [os.path.relpath(os.path.join(where, name), folder) for name in (*files, *links)]
    return sorted(name for name in found if name != NAME and not name.endswith((".pyc", ".lock")))


def _about(path: str, whole: bool) -> Tuple[int, bytes]:
    """The size of a file, and its SHA-256 with `whole`. Of a link, those of its target's path."""
    status = os.lstat(path)
    if not whole:
        return status.st_size, b""
    if os.path.islink(path):
        return status.st_size, hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest().encode()
    with open(path, "rb") as stream:
        digest = hashlib.sha256()
        for block in iter(lambda: stream.read(2**20), b""):
            digest.update(block)
    return status.st_size, digest.hexdigest().encode()
