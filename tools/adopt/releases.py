"""The releases of a template, from its releases.txt: a clone may have no tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.adopt.errors import CONFIG, USAGE, Refusal
from tools.adopt.repository import run

LIST = "releases.txt"
NONE = "unreleased"
BEFORE = "before "
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")  # SHA-1, SHA-256; no name such as HEAD, and no option
HEADING = re.compile(r"^## \[(\d+\.\d+\.\d+)\]", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """A version and its commit; `day` is when it was committed, as YYYY-MM-DD."""

    version: str
    commit: str
    day: str = ""

    @property
    def order(self) -> tuple[int, ...]:
        return order(self.version)


def order(version: str) -> tuple[int, ...]:
    """A key for comparing the results of version_of and named; commits without a release come first."""
    if version.startswith((BEFORE, NONE)):
        return ()
    return tuple(int(number) for number in version.partition("+")[0].split("."))


def parse(text: str) -> list[Release]:
    """The published releases, the lowest first."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [Release(version, commit) for version, commit in lines if commit != NONE]
    return sorted(found, key=lambda release: release.order)


def read(template: Path) -> list[Release]:
    """The releases in the template's checked-out commit, the lowest first, with their days."""
    known = parse(run(template, "show", f"HEAD:{LIST}").decode())
    return [Release(each.version, each.commit, day(template, each.commit)) for each in known]


def day(template: Path, commit: str) -> str:
    """The day of a commit; empty if the clone does not have it."""
    try:
        return run(template, "show", "--no-patch", "--format=%cs", commit).decode().strip()
    except Refusal:
        return ""


def named(template: Path, wanted: str) -> Release:
    """A version (`0.2.0`, `v0.2.0`), tag, branch or commit of the template. Refusal 2 if it is unknown."""
    known = {release.version: release for release in read(template)}
    if release := known.get(wanted.removeprefix("v")):
        return release
    try:
        commit = run(template, "rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}").decode().strip()
    except Refusal:
        there = ", ".join(known) or "none"
        raise Refusal(USAGE, f"the template has no release {wanted}", f"its releases: {there}") from None
    version = version_of(template, commit, list(known.values()))
    # It becomes part of a branch's name.
    return Release(version if order(version) else f"{NONE}-{commit[:7]}", commit, day(template, commit))


def version_of(template: Path, commit: str, known: Sequence[Release]) -> str:
    """`0.2.0`; `0.2.0+3`, three commits after it; `before 0.1.0`; `unreleased` before the first release.

    `known`: the lowest first. A release needs no history. Refusal 111 if the template lacks the commit.
    """
    if exact := [release.version for release in known if release.commit == commit]:
        return exact[-1]
    if not has(template, commit):
        hint = f"git -C {template} fetch --all, or use the template that the service was made from"
        raise Refusal(CONFIG, f"{template} does not have the template's commit {commit[:12]}", hint)
    inside = [release for release in known if is_ancestor(template, release.commit, commit)]
    if not inside:
        return f"{BEFORE}{known[0].version}" if known else NONE
    count = run(template, "rev-list", "--count", f"{inside[-1].commit}..{commit}").decode().strip()
    return f"{inside[-1].version}+{count}"


def is_commit(text: object) -> bool:
    """Whether it is a commit's full id: git would treat other texts as a name or an option."""
    return isinstance(text, str) and bool(COMMIT.fullmatch(text))


def has(template: Path, commit: str) -> bool:
    """Whether the clone has a commit."""
    try:
        return is_commit(commit) and run(template, "cat-file", "-e", f"{commit}^{{commit}}") == b""
    except Refusal:
        return False


def is_ancestor(template: Path, first: str, second: str) -> bool:
    try:
        run(template, "merge-base", "--is-ancestor", first, second)
    except Refusal:
        return False
    return True


def changelog(text: str, after: str, until: str) -> str:
    """The sections of a changelog for the versions above `after`, up to `until`."""
    parts = HEADING.split(text)
    sections = zip(parts[1::2], parts[2::2])
    low, high = order(after), order(until)
    return "\n\n".join(f"{version}{body.rstrip()}" for version, body in sections if low < order(version) <= high)
