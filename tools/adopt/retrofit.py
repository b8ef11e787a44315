"""Makes a service of the contract out of any repository: on a branch, beside everything that is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.adopt import origin, repository
from tools.adopt.errors import CONFLICT, LOSS, Refusal
from tools.adopt.fill.answers import answers
from tools.adopt.fill.files import files
from tools.adopt.fill.points import OpenPoint, open_points
from tools.adopt.found import Reading
from tools.adopt.names import Names, choose
from tools.adopt.output import listed, say
from tools.adopt.read.repository import read
from tools.adopt.releases import read as releases
from tools.adopt.releases import version_of
from tools.adopt.render import STATE, Files, render
from tools.adopt.repository import Entry, Repository, run
from tools.adopt.wiring import MAKEFILES, Unwired, makefile, tasks

BRANCH = "devenv-retrofit"
LEAN = "compose.lean.yaml"


@dataclass(frozen=True)
class Retrofit:
    """What was done: `points` are left to the owner, `unwired` are files that could not be given their one line."""

    reading: Reading
    names: Names
    points: tuple[OpenPoint, ...]
    unwired: tuple[Unwired, ...]


def retrofit(path: Path, template: Path, service: str = "", port: int = 0) -> Retrofit | None:
    """The branch with two commits, checked out: the template's files, and what the repository says of itself.

    None where the repository has them already. Refusal 111, 113, 114; then nothing was changed.
    """
    owner = repository.find(path)
    repository.clean(owner)
    if done(owner):
        return None
    listing = owner.listing()
    reading = read(owner.folder, sorted(listing))
    names = choose(name.split("/", 1)[0] for name in listing)
    given = {**answers(reading, port or None, service or None), "beside": names.beside}
    head = run(template, "rev-parse", "HEAD").decode().strip()
    with TemporaryDirectory() as scratch:
        made = render(template, head, given, Path(scratch))
        text = files(reading, made.answers, names, Path(scratch) / "template" / "templates")
    ours = beside(owner, made.files)
    linked = origin.written(state(template, head, made.answers, names))
    lines, unwired = wired(owner, names)
    first = owner.commit(owner.head(), {**ours, STATE: linked}, subject(template, head))
    second = owner.commit(first, {**filled(text), **lines}, said(reading, lines))
    owner.git("branch", BRANCH, second)
    owner.git("config", f"branch.{BRANCH}.devenv-from", owner.branch() or owner.head())
    owner.git("switch", "--quiet", BRANCH)
    return Retrofit(reading, names, tuple(open_points(text)), tuple(unwired))


def done(owner: Repository) -> bool:
    """Whether there is nothing left to do here, which it then says. Refusal 113 where something else is in the way."""
    if owner.entry(STATE):
        origin.read(owner)
        say(f"{owner.folder} is linked to a template already: inv template.check")
        return True
    if owner.has_branch(BRANCH):
        say(f"the branch {BRANCH} is there already: git switch {BRANCH}; another attempt: --undo first")
        return True
    return False


def beside(owner: Repository, made: Files) -> Files:
    """The template's files that the repository lacks. Refusal 113 where one of a name that only we use is there."""
    there = [name for name in made if os.path.lexists(owner.folder / name)]
    if taken := [name for name in there if name not in MAKEFILES]:
        hint = f"move it away: git mv {taken[0]} …; or make a service of the template and move your code there"
        raise Refusal(CONFLICT, f"{owner.folder / taken[0]} is there already, and not from this template", hint)
    own = any(os.path.lexists(owner.folder / name) for name in MAKEFILES)
    return {name: entry for name, entry in made.items() if not (own and name in MAKEFILES)}


def state(template: Path, commit: str, given: Mapping[str, str], names: Names) -> dict[str, object]:
    """.cruft.json. `skip`: the owner's own files, which plain `cruft update` does not know from their head comments."""
    return {
        "template": origin.address(template),
        "commit": commit,
        "checkout": None,
        "context": {"cookiecutter": dict(given)},
        "directory": None,
        "skip": ["dev.yaml", names.compose, LEAN, names.dockerfile, "Makefile"],
    }


def filled(text: Mapping[str, str]) -> Files:
    return {name: Entry("100644", content.encode()) for name, content in text.items()}


def wired(owner: Repository, names: Names) -> tuple[Files, list[Unwired]]:
    """The repository's own files with their one line more, and those that could not be given one."""
    results = list(each_wired(owner, names))
    good = {name: entry for name, entry in results if isinstance(entry, Entry)}
    return good, [why for _, why in results if isinstance(why, Unwired)]


def each_wired(owner: Repository, names: Names) -> Iterator[tuple[str, Entry | Unwired]]:
    found = owner.files([*MAKEFILES, "tasks.py", "tasks/__init__.py"])
    if name := next((name for name in MAKEFILES if name in found), None):
        yield name, makefile(name, found[name])
    if entry := found.get("tasks.py"):
        yield "tasks.py", tasks("tasks.py", entry)
    elif names.tasks != Names().tasks:
        hidden = "tasks is a folder, which a tasks.py would hide"
        yield "tasks", Unwired(hidden, "use make dev.up or .dev/run dev.up")


def subject(template: Path, commit: str) -> str:
    version = version_of(template, commit, releases(template))
    return f"A development environment, as the template has it\n\n{origin.address(template)} {version}\n"


def said(reading: Reading, lines: Files) -> str:
    """Of the second commit: what was filled in stands in the files, each with where it was found."""
    more = "".join(f"\n{name}: one line more, which leads to the tasks" for name in lines)
    return f"The development environment of {reading.service.value}: what this repository says of itself\n{more}\n"


def undo(path: Path) -> str:
    """Back to the branch before, and the retrofit's own is removed. Refusal 113, 114: then nothing was changed."""
    owner = repository.find(path)
    if not owner.has_branch(BRANCH):
        raise Refusal(CONFLICT, f"{path} has no branch {BRANCH}: there is nothing to undo, or it was merged")
    repository.clean(owner)
    before = owner.git("config", f"branch.{BRANCH}.devenv-from")
    own = owner.git("rev-list", f"{before}..{BRANCH}").split()
    if len(own) > 2:
        hint = f"git switch {before} && git branch --delete --force {BRANCH}"
        raise Refusal(LOSS, f"{BRANCH} has commits that are not the retrofit's:\n{listed(own[:-2])}", hint)
    if owner.branch() == BRANCH:
        owner.git("switch", "--quiet", *(["--detach"] if not owner.has_branch(before) else []), before)
        remove_local(owner.folder / ".dev")
    owner.git("branch", "--quiet", "--delete", "--force", BRANCH)
    return before


def remove_local(folder: Path) -> None:
    """What the tasks made for themselves in .dev/: git ignored it, and now nobody would."""
    if (folder / "local").is_dir() and {each.name for each in folder.iterdir()} == {"local"}:
        shutil.rmtree(folder)
