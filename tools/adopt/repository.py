"""A service's folder and the git repository that it lies in: read, and given a branch, never changed in place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tools.adopt.errors import CONFIG, LOSS, MISSING, Refusal

WHO = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG")


class Entry(NamedTuple):
    """A file as git stores it: its mode (100644, 100755, 120000 for a link) and its bytes."""

    mode: str
    content: bytes


def run(folder: Path, *words: str, given: bytes = b"", index: Path | None = None) -> bytes:
    """What git prints. Refusal with git's own last words where it fails."""
    # Inside a git hook, git says there which repository is meant: that is another one.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(WHO)}
    env |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **({"GIT_INDEX_FILE": str(index)} if index else {})}
    argv = ["git", "-C", str(folder), *words]
    done = subprocess.run(argv, env=env, input=given, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise Refusal(MISSING, f"git {words[0]} failed in {folder}: {said[-1]}")
    return done.stdout


@dataclass(frozen=True)
class Repository:
    """`top` is the work tree; `prefix` is where the service lies in it: empty, or `services/catalog/`."""

    top: Path
    prefix: str

    @property
    def folder(self) -> Path:
        return self.top / self.prefix

    def git(self, *words: str, given: bytes = b"", index: Path | None = None) -> str:
        return run(self.top, *words, given=given, index=index).decode(errors="surrogateescape").strip()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def branch(self) -> str:
        """The branch that is checked out; empty on a detached HEAD."""
        return self.git("branch", "--show-current")

    def has_branch(self, name: str) -> bool:
        return bool(self.git("for-each-ref", f"refs/heads/{name}"))

    def listing(self) -> dict[str, tuple[str, str]]:
        """Mode and blob of each committed file of the service; submodules are none."""
        listed = run(self.top, "ls-tree", "-r", "-z", "HEAD", "--", *([self.prefix] if self.prefix else []))
        found = {}
        for line in filter(None, listed.split(b"\0")):
            about, name = line.split(b"\t", 1)
            mode, kind, blob = about.decode().split()
            if kind == "blob":
                found[os.fsdecode(name)[len(self.prefix) :]] = (mode, blob)
        return found

    def files(self, names: Iterable[str]) -> dict[str, Entry]:
        """Those of these files that are committed."""
        known = self.listing()
        wanted = {name: known[name] for name in names if name in known}
        blobs = "".join(f"{blob}\n" for _, blob in wanted.values())
        stream = run(self.top, "cat-file", "--batch", given=blobs.encode())
        found = {}
        for name, (mode, _) in wanted.items():
            head, _, stream = stream.partition(b"\n")
            size = int(head.split()[2])
            found[name], stream = Entry(mode, stream[:size]), stream[size + 1 :]
        return found

    def entry(self, name: str) -> Entry | None:
        """One committed file of the service."""
        return self.files([name]).get(name)

    def commit(self, parent: str, changes: Mapping[str, Entry | None], message: str) -> str:
        """A commit on `parent` that differs in these files of the service (None: removed). No branch moves to it.

        Made beside the work tree and its index: no filter, hook or line-ending setting touches a byte.
        """
        with TemporaryDirectory() as scratch:
            index = Path(scratch, "index")
            self.git("read-tree", parent, index=index)
            self.git("update-index", "-z", "--index-info", given=self._listed(changes.items()), index=index)
            tree = self.git("write-tree", index=index)
        return self.git("commit-tree", tree, "-p", parent, "-F", "-", given=message.encode())

    def _listed(self, changes: Iterable[tuple[str, Entry | None]]) -> bytes:
        lines = []
        for name, entry in changes:
            path = os.fsencode(self.prefix + name)
            mode, blob = (entry.mode, self._store(entry.content)) if entry else ("0", "0" * 40)
            lines.append(f"{mode} {blob}\t".encode() + path + b"\0")
        return b"".join(lines)

    def _store(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--no-filters", "--stdin", given=content)


def find(path: Path) -> Repository:
    """The repository of a folder. Refusal 111 where there is none, 114 where nothing could be brought back."""
    try:
        top = run(path, "rev-parse", "--show-toplevel").decode().rstrip("\n")
        prefix = run(path, "rev-parse", "--show-prefix").decode().rstrip("\n")
    except (Refusal, OSError):
        hint = f"git -C {path} init && git -C {path} add --all && git -C {path} commit -m 'As it is'"
        raise Refusal(CONFIG, f"{path} is in no git repository, so nothing could be brought back", hint) from None
    return Repository(Path(top), prefix)


def clean(repository: Repository) -> None:
    """Refusal 114 unless everything is committed: what is not, no branch brings back."""
    try:
        repository.head()
    except Refusal:
        hint = f"git -C {repository.top} add --all && git -C {repository.top} commit -m 'As it is'"
        raise Refusal(LOSS, f"{repository.top} has no commit yet, so nothing could be brought back", hint) from None
    if changed := repository.git("status", "--porcelain").splitlines():
        first = changed[0].split(maxsplit=1)[-1]
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        hint = f"commit it, or: git -C {repository.top} stash --include-untracked"
        raise Refusal(LOSS, f"{repository.top} has changes that are not committed: {first}{more}", hint)
