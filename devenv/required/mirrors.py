"""Other repositories on this machine: a bare mirror of each, and a checkout of each commit that runs.

They lie in `${XDG_CACHE_HOME:-~/.cache}/devenv/`, are shared by all services, and can be removed at any time. After
the first fetch everything works without a network: git is only asked again for what the mirror does not hold.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from devenv.base import locks, output, process
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.model import document
from devenv.model.resolver import same_repository

LOGIN = re.compile(r"(\w://)[^@/\s]*@")  # of an address, for messages


class Mirror(NamedTuple):
    """The bare copy of one repository."""

    repo: str
    path: Path

    def commit(self, version: str) -> str:
        """The commit of a tag, branch or commit id; fetched when it is not here. DevError 110, 111."""
        found = self._find(version)
        if not found:
            self.fetch()
            found = self._find(version)
        if not found:
            near = ", ".join(self.tags()[:5]) or "it has no tags"
            raise DevError(CONFIG, f"{self.repo} has no version {version}", f"its newest tags: {near}")
        return found

    def fetch(self) -> None:
        """Bring the mirror up to date. DevError 110 when the repository cannot be reached."""
        with self._locked():
            if not (self.path / "HEAD").exists():
                self._clone()
                return
            done = self._git("fetch", "--quiet", "--prune", "--force", "origin", "+refs/*:refs/*")
        if done.code:
            raise self._unreachable(done.stderr)

    def newest(self) -> str:
        """The newest commit of the branch that the repository calls its default: it may be renamed. DevError 110."""
        self.fetch()
        done = process.capture(["git", "ls-remote", self.repo, "HEAD"], quiet())
        if done.code or not done.stdout:
            raise self._unreachable(done.stderr)
        return done.stdout.split()[0]

    def is_release(self, version: str, commit: str) -> bool:
        """Whether the version is a tag, and of this commit: a branch moves on, and a tag may have moved."""
        return self._git("rev-parse", "--quiet", "--verify", f"refs/tags/{version}^{{commit}}").stdout.strip() == commit

    def tags(self) -> list[str]:
        """All tags, the newest first."""
        return self._git("tag", "--sort=-v:refname").stdout.split()

    def read(self, commit: str, name: str) -> document.Document:
        """A YAML file of the repository at a commit. DevError 111 where it is not there."""
        done = self._git("show", f"{commit}:{name}")
        if done.code:
            hint = "a service is required by its contract: it needs a dev.yaml (see CONTRACT.md)"
            raise DevError(CONFIG, f"{self.repo} has no {name} at {commit[:12]}", hint)
        # One name and no folder, so that errors say whose file it is.
        return document.parse(Path(f"{self.path.stem.rpartition('-')[0]}@{commit[:12]}:{name}"), done.stdout)

    def checkout(self, commit: str) -> Path:
        """A folder that holds the commit, made once."""
        target = home() / "checkouts" / f"{self.path.stem}-{commit[:12]}"
        if not target.is_dir():
            self.clone(commit, target, "--detach")
        return target

    def clone(self, commit: str, target: Path, *how: str) -> None:
        """Make a folder with the commit in it, `how`: as `git switch` has it. It needs no network but for news."""
        self.commit(commit)  # a dev.lock that someone else wrote may name what is not here yet
        with self._locked():
            if not target.is_dir():
                self._make_checkout(commit, target, how)

    def _make_checkout(self, commit: str, target: Path, how: Sequence[str]) -> None:
        draft = _draft(target)
        inside = ["git", "-C", str(draft)]
        for argv in (
            ["git", "clone", "--quiet", "--no-checkout", str(self.path), str(draft)],
            [*inside, "remote", "set-url", "origin", self.repo],
            [*inside, "switch", "--quiet", *how, commit],
        ):
            done = process.capture(argv, quiet())
            if done.code:
                raise DevError(MISSING, f"{self.repo}: no checkout of {commit[:12]}: {done.stderr.strip()}")
        os.replace(draft, target)  # whoever finds the folder finds all of it

    def _clone(self) -> None:
        output.say(f"fetching {self.repo}")
        draft = _draft(self.path)
        done = process.capture(["git", "clone", "--quiet", "--mirror", self.repo, str(draft)], quiet())
        if done.code:
            raise self._unreachable(done.stderr)
        os.replace(draft, self.path)

    def _find(self, version: str) -> str:
        for ref in (f"refs/tags/{version}", f"refs/heads/{version}", version):
            done = self._git("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
            if done.code == 0:
                return done.stdout.strip()
        return ""

    def _git(self, *words: str) -> process.Result:
        return process.capture(["git", "--git-dir", str(self.path), *words], quiet())

    def _unreachable(self, said: str) -> DevError:
        reason = LOGIN.sub(r"\1", said.strip()) or "git said nothing"
        repo = LOGIN.sub(r"\1", self.repo)
        return DevError(MISSING, f"{repo} cannot be reached: {reason}", f"git ls-remote {repo}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with locks.held(self.path.with_suffix(".lock"), "fetching"):
            yield


def quiet() -> dict[str, str]:
    """The environment of git: a wrong address ends in an error and not in a question for a password.

    Inside a git hook, git says there which repository is meant: that is the user's, and never one of ours.
    """
    foreign = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
    return {**{k: v for k, v in os.environ.items() if k not in foreign}, "GIT_TERMINAL_PROMPT": "0"}


def _draft(target: Path) -> Path:
    """Where to make a folder before it gets its name. Under the lock: what a killed command left there is removed."""
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    return draft


def home() -> Path:
    """The folder of all mirrors and checkouts; XDG_CACHE_HOME moves it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "devenv")


def of(repo: str, near: Path) -> Mirror:
    """The mirror of a repository; a relative path starts at the folder `near`."""
    address = str((near / repo).resolve()) if repo.startswith((".", "/")) else repo
    same = same_repository(address)
    name = same.rsplit("/", 1)[-1].removesuffix(".git")
    digest = hashlib.sha256(same.encode()).hexdigest()[:8]
    return Mirror(address, home() / "mirrors" / f"{name}-{digest}.git")


def relative(near: Path, base: str, repo: str) -> str:
    """A repository that another one names by a relative path, as it is written in the folder `near`.

    `base` is the address of the one that names it: `../notes` lies beside it, on its host.
    """
    if not repo.startswith("."):
        return repo
    if base.startswith("/"):
        return os.path.relpath(os.path.join(base, repo), near)
    host, separator, path = base.partition("://") if "://" in base else base.partition(":")
    return f"{host}{separator}{posixpath.normpath(posixpath.join(path, repo))}"
