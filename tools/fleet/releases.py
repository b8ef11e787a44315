"""Which release a commit of the template is, and which releases it lacks."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Protocol

from tools.adopt.releases import Release

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "releases.txt"
COMMIT = re.compile(r"[0-9a-f]{40}")  # and no name such as HEAD, which git would know, too
NAMED = 7  # digits of a commit that people are shown


@dataclass(frozen=True)
class Standing:
    """Where a repository stands.

    `release`: `0.1.0`, `0.1.0+12 commits`, `before 0.1.0`, `unknown commit 1234567`, or `none` where no template is
    linked. `missing`: the versions that it lacks, oldest first; None where that is not known.
    `days`: see `standing`; None where it lacks none, or where the date is not known.
    """

    release: str
    missing: tuple[str, ...] | None = ()
    days: int | None = None


class History(Protocol):
    """What is asked of the template's own history."""

    def knows(self, commit: str) -> bool: ...
    def contains(self, commit: str, ancestor: str) -> bool: ...
    def distance(self, commit: str, ancestor: str) -> int: ...
    def date(self, commit: str) -> datetime | None: ...


def standing(commit: str, releases: Sequence[Release], history: History, now: datetime) -> Standing:
    """Where a commit of the template stands among its releases.

    Days behind are whole days from the date of the oldest release that it lacks (git's committer date of that
    release's commit) until `now`: how long there has been something to take. They grow until an update is taken, and
    are 0 on the day of a release; how often the template itself is released does not make them grow faster.
    """
    if not commit:
        return Standing("none")
    base, name = nearest(commit, releases, history)
    if not name:
        return Standing(f"unknown commit {commit[:NAMED]}", None)
    missing = [release for release in releases if base is None or release.order > base.order]
    return Standing(name, tuple(release.version for release in missing), days(missing, history, now))


def nearest(commit: str, releases: Sequence[Release], history: History) -> tuple[Release | None, str]:
    """The highest release that a commit contains, and what the commit is called; no name where it is not known."""
    exact = [release for release in releases if release.commit == commit]
    if exact:
        return exact[-1], exact[-1].version
    if not COMMIT.fullmatch(commit) or not history.knows(commit):
        return None, ""
    inside = [release for release in releases if history.contains(commit, release.commit)]
    if not inside:
        return None, f"before {releases[0].version}" if releases else "unreleased"
    count = history.distance(commit, inside[-1].commit)
    return inside[-1], f"{inside[-1].version}+{count} commit{'s' * (count != 1)}"


def days(missing: Iterable[Release], history: History, now: datetime) -> int | None:
    dates = [date for date in (history.date(release.commit) for release in missing) if date]
    return max(0, (now - min(dates)).days) if dates else None


class Checkout:
    """The history of this checkout. A shallow clone knows little of it, and says so."""

    @cache  # noqa: B019 - one instance, as long as the program runs
    def git(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = ["git", "-C", str(ROOT), *words]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def knows(self, commit: str) -> bool:
        return self.git("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0

    def contains(self, commit: str, ancestor: str) -> bool:
        return self.git("merge-base", "--is-ancestor", ancestor, commit).returncode == 0

    def distance(self, commit: str, ancestor: str) -> int:
        return int(self.git("rev-list", "--count", f"{ancestor}..{commit}").stdout or 0)

    def date(self, commit: str) -> datetime | None:
        done = self.git("show", "-s", "--format=%ct", commit)
        return None if done.returncode else datetime.fromtimestamp(int(done.stdout), timezone.utc)

    def identity(self) -> str:
        """This checkout's commit, and what is changed in it: another suite gives other answers."""
        commit, changes = self.git("rev-parse", "HEAD").stdout.strip(), self.git("diff", "HEAD").stdout
        return f"{commit}+{hashlib.sha256(changes.encode()).hexdigest()[:12]}" if changes else commit
