"""git's three-way merge of the template's old files, its new ones, and those of a repository.

It runs in a scratch repository with only these files. So it needs no history (a shallow clone works), no preimage in
the object store, and no configuration of the owner, and it does not touch the repository (ADR 11).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.adopt.errors import Refusal
from tools.adopt.render import Files, contents
from tools.adopt.repository import Entry, run

WHY = {
    "123": "changed here and in the template, in the same lines",
    "12": "changed here, removed from the template",
    "13": "removed here, changed in the template",
    "23": "made here and in the template, with different contents",
}
# Files are merged byte for byte, even if their .gitattributes say otherwise.
PLAIN = "* -text -filter -ident !merge -working-tree-encoding\n"
# The user's configuration does not apply either: line endings, hooks, signatures, conflict styles.
ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "devenv-template",
    "GIT_AUTHOR_EMAIL": "devenv-template@localhost",
    "GIT_COMMITTER_NAME": "devenv-template",
    "GIT_COMMITTER_EMAIL": "devenv-template@localhost",
}


@dataclass(frozen=True)
class Conflict:
    """A file that a person has to look at, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclass(frozen=True)
class Merged:
    """The changes to `ours` (None: removed). Conflicts are included, with markers."""

    changes: dict[str, Entry | None]
    conflicts: tuple[Conflict, ...]
    gone: tuple[str, ...]  # removed here, and not changed in the template: they stay removed


def merge(base: Files, ours: Files, theirs: Files, name: str, scratch: Path) -> Merged:
    """`ours` with the changes from `base` to `theirs`. `name`: the name of the new files in conflict markers."""
    if base == theirs:
        return Merged({}, (), ())
    git = partial(run, scratch, more=ALONE)
    git("init", "--quiet", "--template=")
    (scratch / ".git" / "info").mkdir(exist_ok=True)
    (scratch / ".git" / "info" / "attributes").write_text(PLAIN)
    stream = [commit("base", base), commit("yours", ours, "base"), commit(name, theirs, "base")]
    git("fast-import", "--quiet", given=b"".join(stream))
    git("checkout", "--quiet", "yours")
    conflicts = tuple(joined(git, name))
    after = contents(scratch)
    changes = {path: after.get(path) for path in {*ours, *after} if ours.get(path) != after.get(path)}
    gone = tuple(path for path in base if path not in ours and path in theirs and path not in after)
    return Merged(changes, conflicts, gone)


def joined(git: Callable[..., bytes], name: str) -> Iterator[Conflict]:
    """Merge, and return what git could not merge."""
    try:
        git("merge", "--quiet", "--no-commit", "--no-ff", name)
    except Refusal:
        stages: dict[str, str] = {}
        for line in filter(None, git("ls-files", "--unmerged", "-z").split(b"\0")):
            about, path = line.split(b"\t", 1)
            stages[os.fsdecode(path)] = stages.get(os.fsdecode(path), "") + about.decode()[-1]
        if not stages:
            raise
        yield from (Conflict(path, WHY.get(found, "moved here or in the template")) for path, found in stages.items())


def commit(branch: str, files: Files, parent: str = "") -> bytes:
    """A commit of exactly these files, as git fast-import reads it."""
    head = f"commit refs/heads/{branch}\ncommitter devenv-template <> 0 +0000\ndata 0\n"
    lines = [head.encode(), f"from refs/heads/{parent}\n".encode() if parent else b"", b"deleteall\n"]
    for name, entry in files.items():
        path = os.fsencode(name).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        lines.append(f"M {entry.mode} inline ".encode() + b'"' + path + b'"\n')
        lines.append(f"data {len(entry.content)}\n".encode() + entry.content + b"\n")
    return b"".join(lines)
