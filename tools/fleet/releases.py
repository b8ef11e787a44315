"""The release of a commit of the template, and the releases that it lacks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tools.adopt.errors import Refusal
from tools.adopt.releases import Release, has, order, version_of
from tools.adopt.repository import run

ROOT = Path(__file__).resolve().parents[2]
NAMED = 7  # digits of a displayed commit


@dataclass(frozen=True)
class Standing:
    """How far a repository is behind.

    `release`: as in version_of; `unknown commit 1234567`; or `none` if no template is linked.
    `missing`: the versions that it lacks, oldest first; None if that is not known.
    `days`: see `standing`; None if it lacks none, or if the day is not known.
    """

    release: str
    missing: tuple[str, ...] | None = ()
    days: int | None = None


def standings(commits: Iterable[str], known: Sequence[Release], template: Path, today: date) -> dict[str, Standing]:
    """The standing of each commit. Thousands of repositories share few commits, so git is called once for each."""
    return {commit: standing(commit, known, template, today) for commit in set(commits)}


def standing(commit: str, known: Sequence[Release], template: Path, today: date) -> Standing:
    """The standing of a commit of the template among its releases.

    Days behind are counted from the oldest release that it lacks (git's committer date of that release's commit) until
    `today`: the time for which an update has been available. They are 0 on the day of a release, and grow until an
    update. More releases of the template do not make them grow faster.
    """
    if not commit:
        return Standing("none")
    try:
        name = version_of(template, commit, known)
    except Refusal:
        return unknown(commit)
    missing = [release for release in known if release.order > order(name)]
    if missing and missing == [*known] and not has(template, known[0].commit):
        return unknown(commit)  # a shallow clone does not show what a commit contains
    return Standing(name, tuple(release.version for release in missing), days(missing, today))


def unknown(commit: str) -> Standing:
    return Standing(f"unknown commit {commit[:NAMED]}", None)


def days(missing: Iterable[Release], today: date) -> int | None:
    dates = [date.fromisoformat(release.day) for release in missing if release.day]
    return max(0, (today - min(dates)).days) if dates else None


def identity(template: Path) -> str:
    """The template's commit and a fingerprint of uncommitted changes: another suite gives other answers."""
    commit = run(template, "rev-parse", "HEAD").decode().strip()
    changes = run(template, "diff", "--no-ext-diff", "HEAD")
    return f"{commit}+{hashlib.sha256(changes).hexdigest()[:12]}" if changes else commit
