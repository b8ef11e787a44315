"""A service's folder and its git repository: it is read, and gets a branch, but files are never changed in place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

from devenv.base import git
from tools.adopt.errors import CONFIG, CONFLICT, LOSS, MISSING, Refusal

NONE: Mapping[str, str] = {}


class Entry(NamedTuple):
    """A file as git stores it: its mode (100644, 100755, 120000 for a link) and its bytes."""

    mode: str
    content: bytes


def run(folder: Path, *words: str, given: bytes = b"", more: Mapping[str, str] = NONE) -> bytes:
    """git's output. Refusal with git's message if it fails. `more`: further variables for git."""
    argv = git.argv(*words, at=folder)
    done = subprocess.run(argv, env={**git.environment(), **more}, input=given, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        first = next((at for at, line in enumerate(said) if line.startswith(("fatal:", "error:"))), 0)
        raise Refusal(MISSING, "\n".join([f"git in {folder}: {said[first]}", *said[first + 1 : first + 6]]))
    return done.stdout


@dataclass(frozen=True)
class Repository:
    """`top` is the work tree; `prefix` is the service's folder in it: empty, or `services/catalog/`."""

    top: Path
    prefix: str

    @property
    def folder(self) -> Path:
        return self.top / self.prefix

    def git(self, *words: str, given: bytes = b"", more: Mapping[str, str] = NONE) -> str:
        return os.fsdecode(run(self.top, *words, given=given, more=more)).strip()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def branch(self) -> str:
        """The branch that is checked out; empty on a detached HEAD."""
        return self.git("branch", "--show-current")

    def has_branch(self, name: str) -> bool:
        return bool(self.git("for-each-ref", f"refs/heads/{name}"))

    def listing(self) -> dict[str, tuple[str, str]]:
        """Mode and blob of each committed file of the service; submodules are left out."""
        return {name: (mode, blob) for name, mode, kind, blob in self._tree() if kind == "blob"}

    def whole(self) -> list[str]:
        """The committed files of the whole repository, by their names from its top."""
        return [
            os.fsdecode(name)
            for name in run(self.top, "ls-tree", "-r", "-z", "--name-only", "HEAD").split(b"\0")
            if name
        ]

    def files(self, names: Iterable[str]) -> dict[str, Entry]:
        """The files that are committed."""
        wanted = set(names)
        found = [each for each in self._tree(wanted) if each[0] in wanted and each[2] == "blob"] if wanted else []
        stream = run(self.top, "cat-file", "--batch", given="".join(f"{blob}\n" for *_, blob in found).encode())
        entries = {}
        for name, mode, _, _ in found:
            head, _, stream = stream.partition(b"\n")
            size = int(head.split()[2])
            entries[name], stream = Entry(mode, stream[:size]), stream[size + 1 :]
        return entries

    def entry(self, name: str) -> Entry | None:
        """One committed file of the service."""
        return self.files([name]).get(name)

    def commit(self, parent: str, changes: Mapping[str, Entry | None], message: str) -> str:
        """A commit on `parent` that differs in these files of the service (None: removed). No branch moves to it.

        It does not use the work tree and its index, so no filter, hook or line-ending setting changes a byte.
        """
        with TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
            self.git("read-tree", parent, more=index)
            self.git("update-index", "-z", "--index-info", given=self._listed(changes, len(parent)), more=index)
            tree = self.git("write-tree", more=index)
        return self.git("commit-tree", tree, "-p", parent, "-F", "-", given=message.encode())

    def holds(self, folder: str) -> bool:
        """Whether a file below a folder of the service is in the index."""
        return bool(self.git("ls-files", "--", f"{self.prefix}{folder}"))

    def switch(self, branch: str, commit: str) -> None:
        """Make a branch and check it out. Refusal 113 if an ignored file is in the way: git has no copy of it.

        Hooks do not run: if one failed, the work tree would be on the new branch although an error is reported.
        """
        how = ["--quiet", "--no-overwrite-ignore", "--no-track", "--create", branch, commit]
        try:
            self.git("-c", f"core.hooksPath={os.devnull}", "switch", *how)
        except Refusal as refusal:
            raise Refusal(CONFLICT, str(refusal), "move the named files away, then run it again") from None

    def in_the_way(self, names: Iterable[str]) -> dict[str, str]:
        """The names that are committed as another kind: a file here, a folder there.

        Each with the path that is in its way. git would silently replace that.
        """
        there = {name for name, *_ in self._tree()}
        folders = {str(folder) for name in there for folder in PurePosixPath(name).parents}
        found = {}
        for name in names:
            above = [str(folder) for folder in PurePosixPath(name).parents if str(folder) in there]
            if above or name in folders:
                found[name] = above[0] if above else f"{name}/"
        return found

    def _tree(self, names: Iterable[str] = ()) -> Iterator[tuple[str, str, str, str]]:
        """Name, mode, kind and id of committed files: all of the service, or these names and everything below."""
        paths = [self.prefix + name for name in names] or [self.prefix] * bool(self.prefix)
        for line in filter(None, run(self.top, "ls-tree", "-r", "-z", "HEAD", "--", *paths).split(b"\0")):
            about, name = line.split(b"\t", 1)
            mode, kind, blob = about.decode().split()
            yield os.fsdecode(name)[len(self.prefix) :], mode, kind, blob

    def _listed(self, changes: Mapping[str, Entry | None], digits: int) -> bytes:
        lines = []
        for name, entry in changes.items():
            path = os.fsencode(self.prefix + name)
            mode, blob = (entry.mode, self._store(entry.content)) if entry else ("0", "0" * digits)
            lines.append(f"{mode} {blob}\t".encode() + path + b"\0")
        return b"".join(lines)

    def _store(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--no-filters", "--stdin", given=content)


def find(path: Path) -> Repository:
    """The repository of a folder. Refusal 111 if there is none, 114 if changes could not be undone."""
    try:
        top = os.fsdecode(run(path, "rev-parse", "--show-toplevel")).rstrip("\n")
        prefix = os.fsdecode(run(path, "rev-parse", "--show-prefix")).rstrip("\n")
    except Refusal as refusal:
        if "not a git repository" not in str(refusal):  # another user's, or one without a work tree
            raise Refusal(CONFIG, str(refusal), f"git -C {path} status") from None
        hint = f"git -C {path} init && git -C {path} add --all && git -C {path} commit -m 'As it is'"
        raise Refusal(CONFIG, f"{path} is not in a git repository, so changes could not be undone", hint) from None
    return Repository(Path(top), prefix)


def clean(repository: Repository) -> None:
    """Refusal 114 unless everything is committed: uncommitted changes could not be restored."""
    try:
        repository.head()
    except Refusal:
        hint = f"git -C {repository.top} add --all && git -C {repository.top} commit -m 'As it is'"
        raise Refusal(LOSS, f"{repository.top} has no commit yet, so changes could not be undone", hint) from None
    if changed := repository.git("status", "--porcelain").splitlines():
        first = changed[0].split(maxsplit=1)[-1]
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        hint = f"commit it, or: git -C {repository.top} stash --include-untracked"
        raise Refusal(LOSS, f"{repository.top} has changes that are not committed: {first}{more}", hint)
