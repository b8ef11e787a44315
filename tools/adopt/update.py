"""Takes a release of the template, on a branch: whole, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tools.adopt import change, repository
from tools.adopt.change import Change
from tools.adopt.errors import CONFLICT, Refusal
from tools.adopt.output import listed, say


def update(path: Path, template: Path, wanted: str = "", given: Mapping[str, str] | None = None) -> str:
    """The branch that holds the update, checked out; empty where there is nothing to take.

    Refusal 113 on any conflict: then the work tree is as it was, and the attempt is on the branch. Refusal 114 where
    something is not committed.
    """
    service = repository.find(path)
    repository.clean(service)
    found = change.compute(service, template, wanted, given)
    if not found.files:
        say(f"{path} is at {found.start} of the template already, and nothing newer is out")
        return ""
    branch = f"devenv-template-{found.release.version}"
    if service.has_branch(branch):
        hint = f"git -C {path} branch --delete --force {branch}, unless you want to go on with it"
        raise Refusal(CONFLICT, f"{path} has a branch {branch} already", hint)
    made = service.commit(service.head(), found.files, message(found))
    tell(found)
    if found.conflicts:
        service.git("branch", branch, made)
        raise left_to_a_person(service, branch, found)
    service.switch(branch, made)
    return branch


def left_to_a_person(service: repository.Repository, branch: str, found: Change) -> Refusal:
    back = service.branch() or service.head()
    return Refusal(
        CONFLICT,
        f"{counted(found.conflicts)} to be looked at by a person:\n{listed(map(str, found.conflicts))}\n"
        f"  Your work tree is as it was; the attempt is the last commit of the branch {branch}",
        f"git switch {branch}, mend what stands between <<<<<<< and >>>>>>>, git commit --all",
        f"or give it up: git switch {back} && git branch --delete --force {branch}",
    )


def counted(conflicts: Collection[object]) -> str:
    return "1 file has" if len(conflicts) == 1 else f"{len(conflicts)} files have"


def message(found: Change) -> str:
    """Of the commit."""
    said = f"Update of the development environment to {found.release.version}\n\nIt was at {found.start}.\n"
    if found.conflicts:
        said += f"\nTo be mended by hand:\n{listed(map(str, found.conflicts))}\n"
    return said


def tell(found: Change) -> None:
    """What a reviewer would not see in the diff."""
    say(f"from {found.start} to {found.release.version}: {len(found.files)} files")
    for name, value in found.added.items():
        say(f"new question {name}: answered with {value} (another one: --answer {name}=VALUE)")
    for name in found.dropped:
        say(f"the template asks no {name} any more: its answer is dropped")
    for name in found.gone:
        say(f"{name}: removed here, so it is not brought back")
    for name in found.yours:
        say(f"{name}: the template has such a file now; yours stays as it is")
