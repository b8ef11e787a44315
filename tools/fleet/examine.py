"""The work of a child process on one repository. It returns its answer in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from tools.adopt.releases import Release
from tools.fleet import attempt, facts, sources, suite
from tools.fleet.facts import Facts
from tools.fleet.listing import Repo
from tools.fleet.releases import ROOT, standing
from tools.fleet.store import Key, Store

ANSWER = "answer.json"


@dataclass(frozen=True)
class Plan:
    """The settings for all repositories.

    `template`: releases.identity of this checkout. `tried`: the releases, if the update to the newest is to be tried.
    `fresh`: ignore kept answers.
    """

    store: Store
    cache: Path
    template: str
    tried: tuple[Release, ...] = ()
    fresh: bool = False


@dataclass(frozen=True)
class Answer:
    """The facts, and whether they are from an earlier run."""

    facts: Facts
    kept: bool = False


def examiner(plan: Plan) -> Callable[[Repo, Path], None]:
    """The work on one repository: it writes the answer into the given folder."""

    def work(repo: Repo, folder: Path) -> None:
        answer = examine(repo, plan, folder)
        (folder / ANSWER).write_text(json.dumps(asdict(answer)), encoding="utf-8")

    return work


def answered(folder: Path) -> Answer:
    """The answer of a successful child."""
    said = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
    return Answer(Facts(**said["facts"]), said["kept"])


def examine(repo: Repo, plan: Plan, scratch: Path) -> Answer:
    """The facts of a repository: kept ones if nothing changed; else new ones, which are kept if they only depend on the
    commit. Results that may change (a network error, a broken suite) are not kept.
    """
    at = Facts(service=repo.folder)
    try:
        head = sources.head(repo)
        at = replace(at, commit=head.commit)
        known = None if plan.fresh else plan.store.get(repo, key(repo, head.commit, plan))
        if known:
            return Answer(known, kept=True)
        folder = sources.copy(repo, head, scratch, plan.cache)
        at = replace(at, commit=sources.commit_of(folder))
        found = facts.of(folder, at)
    except (sources.Unreachable, suite.Failed) as error:
        return Answer(replace(at, error=str(error)))
    return Answer(attempted(found, folder, repo, plan))


def attempted(found: Facts, folder: Path, repo: Repo, plan: Plan) -> Facts:
    """Add the conflicts, if they are wanted, and keep the result."""
    if plan.tried and not found.error:
        try:
            found = replace(found, conflicts=conflicts(folder, found.template_commit, plan.tried))
        except Exception as error:  # an update may raise any error
            return replace(found, error=f"the update could not be tried: {str(error) or type(error).__name__}")
    plan.store.put(repo, key(repo, found.commit, plan), found)
    return found


def conflicts(folder: Path, commit: str, out: tuple[Release, ...]) -> list[str] | None:
    """The conflicts of an update from a commit of the template to the newest release; None for an unknown commit."""
    missing = standing(commit, out, ROOT, date.today()).missing
    return attempt.conflicts(folder, out[-1].version) if missing else None if missing is None else []


def key(repo: Repo, commit: str, plan: Plan) -> Key:
    return Key(repo.where, commit, plan.template, bool(plan.tried))
