"""Git's own three-way merge of the template's old files, its new ones, and those of a repository.

It happens in a scratch repository that holds these files alone, so it needs no history (a shallow clone will do), no
preimage in the object store, and nothing of the owner's configuration; and it touches nothing (ADR 11).
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
# The byte is the byte, whatever the files' own .gitattributes say.
PLAIN = "* -text -filter -ident !merge -working-tree-encoding\n"
# Nor does the user's configuration say anything: line endings, hooks, signatures, styles of conflicts.
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
    """What differs from `ours` afterwards (None: removed). Conflicts are among the changes, with markers in them."""

    changes: dict[str, Entry | None]
    conflicts: tuple[Conflict, ...]
    gone: tuple[str, ...]  # removed here, and not changed in the template: left so


def merge(base: Files, ours: Files, theirs: Files, name: str, scratch: Path) -> Merged:
    """`ours` with what changed from `base` to `theirs`. `name`: what conflict markers call the new files."""
    if base == theirs:
        return Merged({}, (), ())
    git = partial(run, scratch, **ALONE)
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
    """Merge, and say what git could not do."""
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
