"""Which release a commit of the template is, and which releases it lacks."""

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
NAMED = 7  # digits of a commit that people are shown


@dataclass(frozen=True)
class Standing:
    """Where a repository stands.

    `release`: as version_of says it; `unknown commit 1234567`; or `none` where no template is linked.
    `missing`: the versions that it lacks, oldest first; None where that is not known.
    `days`: see `standing`; None where it lacks none, or where the day is not known.
    """

    release: str
    missing: tuple[str, ...] | None = ()
    days: int | None = None


def standings(commits: Iterable[str], known: Sequence[Release], template: Path, today: date) -> dict[str, Standing]:
    """Where each stands. Thousands of repositories come from few commits, and git is asked once for each of those."""
    return {commit: standing(commit, known, template, today) for commit in set(commits)}


def standing(commit: str, known: Sequence[Release], template: Path, today: date) -> Standing:
    """Where a commit of the template stands among its releases.

    Days behind are those from the day of the oldest release that it lacks (git's committer date of that release's
    commit) until `today`: how long there has been something to take. They grow until an update is taken, and are 0 on
    the day of a release; how often the template itself is released does not make them grow faster.
    """
    if not commit:
        return Standing("none")
    try:
        name = version_of(template, commit, known)
    except Refusal:
        return unknown(commit)
    missing = [release for release in known if release.order > order(name)]
    if missing and missing == [*known] and not has(template, known[0].commit):
        return unknown(commit)  # a shallow clone, which does not show what a commit contains
    return Standing(name, tuple(release.version for release in missing), days(missing, today))


def unknown(commit: str) -> Standing:
    return Standing(f"unknown commit {commit[:NAMED]}", None)


def days(missing: Iterable[Release], today: date) -> int | None:
    dates = [date.fromisoformat(release.day) for release in missing if release.day]
    return max(0, (today - min(dates)).days) if dates else None


def identity(template: Path) -> str:
    """The template's commit, and what is changed in its checkout: another suite gives other answers."""
    commit, changes = run(template, "rev-parse", "HEAD").decode().strip(), run(template, "diff", "HEAD")
    return f"{commit}+{hashlib.sha256(changes).hexdigest()[:12]}" if changes else commit
