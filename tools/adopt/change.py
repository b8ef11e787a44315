"""The changes of an update to a release, computed without writing into the service."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Optional

from tools.adopt import migrations, origin, releases
from tools.adopt.errors import USAGE, Refusal
from tools.adopt.merge import Conflict, merge
from tools.adopt.releases import Release
from tools.adopt.render import STATE, Files, questions, render
from tools.adopt.repository import Entry, Repository, run

Changes = Mapping[str, Optional[Entry]]
FRAGMENTS = ".dev/compose/"
YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Change:
    """`files`: as Repository.commit takes them, conflicts with their markers among them.

    `added`: new questions with their answers; `dropped`: answers to questions that no longer exist. `gone`: files of
    the template that the service removed; they stay removed. `yours`: files of the service whose name the template now
    has, too; they are not changed. `extended`: compose fragments that the service's answers do not choose, but that
    stay because the compose file named here extends them.
    """

    start: str
    release: Release
    files: Changes = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    added: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    yours: tuple[str, ...] = ()
    extended: Mapping[str, str] = field(default_factory=dict)


def compute(repository: Repository, template: Path, wanted: str = "", given: Mapping[str, str] | None = None) -> Change:
    """The change from the service's release to `wanted` (default: the highest).

    `given`: answers to new questions, or other answers to old ones. Refusal 2, 111.
    """
    known = origin.read(repository)
    start, release = way(known, template, wanted)
    if known.commit == release.commit and not given:
        return Change(start, release)
    renames = renames_since(template, release.commit, start)
    answers = renames.answers(known.answers)
    asked = questions(template, release.commit)
    understood(given or {}, asked, release)
    base = renames.moved(render(template, known.commit, known.answers).files)
    after = render(template, release.commit, {**answers, **(given or {})})
    before = repository.files({*base, *after.files, *renames.files})
    ours = renames.moved(before)
    left = origin.owned(repository, known, {**after.files, **base}) & {*base, *ours}
    with TemporaryDirectory() as scratch:
        sides = (without(base, left), without(ours, left), without(after.files, left))
        merged = merge(*sides, f"devenv-template-{release.version}", Path(scratch))
    renamed = {name: ours.get(name) for name in {*before, *ours} if before.get(name) != ours.get(name)}
    changes = {**renamed, **merged.changes}
    extended = in_use(repository, changes)
    files, blocked = possible(repository, {name: entry for name, entry in changes.items() if name not in extended})
    return Change(
        start=start,
        release=release,
        files={**files, **state(repository, known.at(release.commit, after.answers))},
        conflicts=(*merged.conflicts, *blocked, *clashes(renames, before)),
        added={name: value for name, value in after.answers.items() if name not in answers},
        dropped=tuple(sorted({*answers} - {*asked})),
        gone=tuple(sorted(merged.gone)),
        yours=tuple(sorted((left & {*ours}) - {*base})),
        extended=extended,
    )


def in_use(repository: Repository, changes: Changes) -> dict[str, str]:
    """Compose fragments that the template would remove, and a compose file of the service that extends each.

    Since 0.5.0 a service has only the fragments of its answers, and it may use others.
    """
    gone = [name for name, entry in changes.items() if entry is None and name.startswith(FRAGMENTS)]
    if not gone:
        return {}
    pages = repository.files(name for name in repository.listing() if "/" not in name and name.endswith(YAML))
    used = {name: [page for page, entry in pages.items() if name.encode() in entry.content] for name in gone}
    return {name: by[0] for name, by in used.items() if by}


def possible(repository: Repository, files: Mapping[str, Entry | None]) -> tuple[Changes, list[Conflict]]:
    """The changes, without those whose name the service has as another kind: a file where a folder would be."""
    taken = repository.in_the_way(name for name, entry in files.items() if entry)
    conflicts = [Conflict(name, f"{there} is in its place") for name, there in taken.items()]
    return {name: entry for name, entry in files.items() if name not in taken}, conflicts


def clashes(renames: migrations.Renames, files: Files) -> list[Conflict]:
    """Files that the template renamed to a name that the service already has: they are not moved."""
    kept = [(old, new) for old, new in renames.files.items() if old in files and new in files]
    return [Conflict(old, f"it is {new} in the template now, and you have both") for old, new in kept]


def news(repository: Repository, template: Path, wanted: str = "") -> dict[str, str]:
    """The questions that the service has not answered yet, each with its prompt and its choices."""
    known = origin.read(repository)
    start, release = way(known, template, wanted)
    answered = renames_since(template, release.commit, start).answers(known.answers)
    asked = json.loads(run(template, "show", f"{release.commit}:cookiecutter.json"))
    prompts = asked.get("__prompts__", {})
    return {
        name: prompts.get(name, name) + (f": {', '.join(choices)}" if isinstance(choices, list) else "")
        for name, choices in questions(template, release.commit).items()
        if name not in answered
    }


def understood(given: Mapping[str, str], asked: Collection[str], release: Release) -> None:
    """Refusal 2 for an answer to an unknown question."""
    for name in given:
        if name not in asked:
            message = f"the template at {release.version} does not ask {name}"
            raise Refusal(USAGE, message, f"it asks: {', '.join(asked)}")


def state(repository: Repository, new: Entry) -> Files:
    return {} if new == repository.entry(STATE) else {STATE: new}


def way(known: origin.Origin, template: Path, wanted: str) -> tuple[str, Release]:
    """The name of the service's commit, and the release to update to. Refusal 2, 111."""
    out = releases.read(template)
    start = releases.version_of(template, known.commit, out)
    if wanted:
        return start, releases.named(template, wanted)
    if not out:
        raise Refusal(USAGE, "the template has no release yet", "name a commit of it: --to COMMIT")
    if releases.order(start) >= out[-1].order:  # a commit after the highest release: no way back
        return start, Release(start, known.commit)
    return start, out[-1]


def renames_since(template: Path, commit: str, start: str) -> migrations.Renames:
    """The files that were renamed since. A template older than its migrations.yaml renamed none."""
    try:
        text = run(template, "show", f"{commit}:{migrations.PAGE}").decode()
    except Refusal:
        return migrations.Renames()
    return migrations.between(text, start)


def without(files: Files, names: set[str]) -> Files:
    return {name: entry for name, entry in files.items() if name not in names}
