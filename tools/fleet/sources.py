"""The repositories, read with git. A user's repository is only read; the checks run on a copy."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devenv.base import git as plain
from tools.fleet.listing import Repo, without_secret

# A checkout must not run anything that the repository or the user configured, and a repository is only read.
TOLD = {"GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0"}
CLONE = ("clone", "--quiet", "--no-tags", "--template=")
CHANGED = ("status", "--porcelain", "--untracked-files=no")
AS_NEW = "devenv-status"  # in the repository of a clone: what git says about it when it is new


class Unreachable(Exception):
    """The repository cannot be read; the message says why."""


@dataclass(frozen=True)
class Head:
    """The commit of HEAD, and for a path the top folder of its repository and the path below that."""

    commit: str
    top: str = ""
    prefix: str = ""


def git(*words: str) -> str:
    """git's output. Raises Unreachable with git's most important line."""
    done = subprocess.run(
        plain.argv(*words),
        env={**plain.environment(), **TOLD},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise Unreachable(without_secret(reason(done.stderr) or f"git {words[0]} ended with {done.returncode}"))
    return done.stdout


def reason(said: str) -> str:
    """git's first error line; the following ones are advice."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    worst = [line for line in lines if line.startswith(("fatal: ", "error: ", "ERROR: "))]
    return " ".join((worst or lines or [""])[0].removeprefix("fatal: ").split())


def head(repo: Repo) -> Head:
    """The commit of HEAD. Raises Unreachable."""
    if repo.error:
        raise Unreachable(repo.error)
    if repo.is_url:
        said = git("ls-remote", "--", repo.where, "HEAD").split()
        if not said:
            raise Unreachable("it has no commit")
        return Head(said[0])
    if not Path(repo.where).is_dir():
        raise Unreachable("the folder does not exist")
    up, prefix = git("-C", repo.where, "rev-parse", "--show-cdup", "--show-prefix").split("\n")[:2]
    try:
        commit = git("-C", repo.where, "rev-parse", "--verify", "HEAD^{commit}").strip()
    except Unreachable:
        raise Unreachable("it has no commit") from None
    return Head(commit, os.path.normpath(os.path.join(repo.where, up)), prefix)


def copy(repo: Repo, at: Head, scratch: Path, cache: Path) -> Path:
    """A copy of HEAD's files: below `scratch` for a path, in the cache for a URL.

    Raises Unreachable.
    """
    if repo.is_url:
        return cached(repo, at, cache)
    top = scratch / (Path(at.top).name or "repo")
    # Objects are borrowed, so the size of the history does not matter, and the repository is not written to.
    git(*CLONE, "--shared", "--", at.top, str(top))
    if not (top / at.prefix).is_dir():
        raise Unreachable(f"{at.prefix.rstrip('/')} is not committed")
    return top / at.prefix


def cached(repo: Repo, at: Head, cache: Path) -> Path:
    """A shallow clone of a URL at a commit: made once, and again if it is damaged. Those of other commits go."""
    own = cache / hashlib.sha256(repo.where.encode()).hexdigest()[:16]
    folder = own / at.commit
    if not is_whole(folder):
        half = own / f"half-{os.getpid()}"
        shutil.rmtree(own, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        fetch(repo.where, at.commit, half)
        # With some settings for line endings, git calls files changed that nobody changed.
        (half / ".git" / AS_NEW).write_text(git("-C", str(half), *CHANGED))
        half.rename(folder)  # completely or not at all
    return folder


def is_whole(folder: Path) -> bool:
    """Whether a clone is there and as it was made. Files are compared by sizes and times, as by `git status`."""
    try:
        return git("-C", str(folder), *CHANGED) == (folder / ".git" / AS_NEW).read_text()
    except (Unreachable, OSError, ValueError):
        return False


def fetch(url: str, commit: str, folder: Path) -> None:
    """Make a shallow clone without a remote: git would write the URL with its password into the configuration."""
    git("init", "--quiet", "--template=", f"--object-format={'sha1' if len(commit) == 40 else 'sha256'}", str(folder))
    git("-C", str(folder), "fetch", "--quiet", "--no-tags", "--depth", "1", "--", url, "HEAD")
    git("-C", str(folder), "checkout", "--quiet", "--detach", "FETCH_HEAD")


def commit_of(folder: Path) -> str:
    """The commit of a copy: HEAD may have moved since it was read."""
    return git("-C", str(folder), "rev-parse", "HEAD").strip()
