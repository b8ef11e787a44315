"""Turns any repository into a service of the contract: on a branch, next to its existing files."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.adopt import address, origin, repository
from tools.adopt.errors import CONFLICT, LOSS, Refusal
from tools.adopt.fill.answers import answers
from tools.adopt.fill.files import files
from tools.adopt.fill.points import OpenPoint, open_points
from tools.adopt.found import Reading
from tools.adopt.names import Names, choose
from tools.adopt.output import say
from tools.adopt.read.containers.above import Above
from tools.adopt.read.repository import read
from tools.adopt.read.text.files import Files as Tracked
from tools.adopt.releases import is_ancestor, version_of
from tools.adopt.releases import read as releases
from tools.adopt.render import STATE, Files, render
from tools.adopt.repository import Entry, Repository, run
from tools.adopt.wiring import INCLUDE, MAKEFILES, Unwired, makefile, same_targets, tasks

BRANCH = "devenv-retrofit"
LEAN = "compose.lean.yaml"
README = "README.md"  # of a new service; a repository has its own
# In the repository's configuration: the previous branch, and the last commit of the retrofit.
FROM, MADE = f"branch.{BRANCH}.devenv-from", f"branch.{BRANCH}.devenv-made"


@dataclass(frozen=True)
class Retrofit:
    """The result: `points` are left to the owner, `unwired` are files to which the line could not be added."""

    reading: Reading
    names: Names
    points: tuple[OpenPoint, ...]
    unwired: tuple[Unwired, ...]


def retrofit(path: Path, template: Path, service: str = "", port: int = 0) -> Retrofit | None:
    """Make the branch with two commits and check it out: the template's files, and the findings filled in.

    None if the repository already has them. Refusal 111, 113, 114; then nothing was changed.
    """
    owner = repository.find(path)
    repository.clean(owner)
    if done(owner):
        return None
    listing = owner.listing()
    reading = read(owner.folder, sorted(listing), around(owner))
    names = choose(name.split("/", 1)[0] for name in listing)
    given = {**answers(reading, port or None, service or None), "beside": names.beside}
    head = run(template, "rev-parse", "HEAD").decode().strip()
    made = render(template, head, given)
    text = files(reading, made.answers, names, template / "templates")
    ours = beside(owner, made.files, text)
    linked = origin.written(state(template, head, made.answers, names))
    lines, unwired = wired(owner, names)
    first = owner.commit(owner.head(), {**ours, STATE: linked}, subject(template, head))
    second = owner.commit(first, {**filled(text), **lines}, said(reading, lines))
    start = owner.branch() or owner.head()
    owner.switch(BRANCH, second)
    owner.git("config", FROM, start)
    owner.git("config", MADE, second)
    return Retrofit(reading, names, tuple(open_points(text)), tuple(unwired))


def around(owner: Repository) -> Above | None:
    """The repository around the service's folder; None if the service is the repository."""
    folder = owner.prefix.rstrip("/")
    return Above(Tracked(owner.top, owner.whole()), folder) if folder else None


def done(owner: Repository) -> bool:
    """Whether there is nothing left to do, which is then printed. Refusal 113 if something else is in the way."""
    if owner.entry(STATE):
        origin.read(owner)
        say(f"{owner.folder} is already linked to a template: inv template.check")
        return True
    if owner.has_branch(BRANCH):
        say(f"the branch {BRANCH} already exists: git switch {BRANCH}; to try again, --undo it first")
        return True
    return False


def beside(owner: Repository, made: Files, text: Iterable[str]) -> Files:
    """The template's files that the repository lacks. Refusal 113 if a file with a name that only we use exists.

    `text`: the names of filled-in files, one of which is not in the stack bare.
    """
    committed, ours = owner.listing(), {*made, *text} - {README}
    there = [name for name in sorted(ours) if name in committed or os.path.lexists(owner.folder / name)]
    taken = [*owner.in_the_way(ours).values(), *(name for name in there if name not in MAKEFILES)]
    if os.path.isfile(owner.folder / ".dev"):
        taken.append(".dev")
    if taken:
        hint = "move it away; or make a service of the template and move your code there"
        raise Refusal(CONFLICT, f"{owner.folder / taken[0]} already exists, and is not from this template", hint)
    own = any(name in committed or os.path.lexists(owner.folder / name) for name in MAKEFILES)
    return {name: entry for name, entry in made.items() if name in ours and not (own and name in MAKEFILES)}


def state(template: Path, commit: str, given: Mapping[str, str], names: Names) -> dict[str, object]:
    """.cruft.json. `skip`: the owner's files, since plain `cruft update` does not read their head comments."""
    return {
        "template": address.of(template),
        "commit": commit,
        "checkout": None,
        "context": {"cookiecutter": dict(given)},
        "directory": None,
        "skip": ["dev.yaml", names.compose, LEAN, names.dockerfile, "Makefile"],
    }


def filled(text: Mapping[str, str]) -> Files:
    return {name: Entry("100644", content.encode()) for name, content in text.items()}


def wired(owner: Repository, names: Names) -> tuple[Files, list[Unwired]]:
    """The repository's files with the added line, and those to which it could not be added."""
    results = list(each_wired(owner, names))
    good = {name: entry for name, entry in results if isinstance(entry, Entry)}
    return good, [why for _, why in results if isinstance(why, Unwired)]


def each_wired(owner: Repository, names: Names) -> Iterator[tuple[str, Entry | Unwired]]:
    found = owner.files([*MAKEFILES, "tasks.py", "tasks/__init__.py"])
    if name := next((name for name in MAKEFILES if name in found), None):
        made = makefile(name, found[name])
        yield name, made
        if isinstance(made, Entry):
            yield from ((name, each) for each in same_targets(name, found[name]))
    elif name := next((name for name in MAKEFILES if os.path.lexists(owner.folder / name)), None):
        yield (
            name,
            Unwired(f"{name} is not committed", f"add `{INCLUDE.decode()}` to its source, as the last line"),
        )
    if entry := found.get("tasks.py"):
        yield "tasks.py", tasks("tasks.py", entry)
    elif names.tasks != Names().tasks:
        hidden = "tasks is a folder, which a tasks.py would hide"
        yield "tasks", Unwired(hidden, "use make dev.up or .dev/run dev.up")


def subject(template: Path, commit: str) -> str:
    version = version_of(template, commit, releases(template))
    return f"A development environment, as the template has it\n\n{address.of(template)} {version}\n"


def said(reading: Reading, lines: Files) -> str:
    """The message of the second commit. The files contain the values, each with its place."""
    more = "".join(f"\n{name}: an added line that loads the tasks" for name in lines)
    return f"The development environment of {reading.service.value}: values found in this repository\n{more}\n"


def undo(path: Path) -> str:
    """Go back to the previous branch and remove the retrofit's. Refusal 113, 114: then nothing was changed."""
    owner = repository.find(path)
    if not owner.has_branch(BRANCH):
        raise Refusal(CONFLICT, f"{path} has no branch {BRANCH}: there is nothing to undo")
    repository.clean(owner)
    before, made = remembered(owner, FROM), remembered(owner, MADE)
    by_hand = f"git switch {before or 'BRANCH'} && git branch --delete --force {BRANCH}"
    if not (before and made):
        raise Refusal(CONFLICT, f"{BRANCH} was not made in this clone", by_hand)
    if is_ancestor(owner.top, made, before):
        revert = f"git switch {before} && git revert --no-edit {made[:12]}~2..{BRANCH}"  # the retrofit has two commits
        raise Refusal(CONFLICT, f"{BRANCH} is merged into {before}", revert)
    if owner.git("rev-parse", BRANCH) != made:
        raise Refusal(LOSS, f"{BRANCH} has commits or changes that are not the retrofit's", by_hand)
    if running := on_this_machine(owner):  # last: its hint removes data
        launcher = shlex.quote(f"{owner.folder}/.dev/run")
        raise Refusal(CONFLICT, f"{running} still exists on this machine", f"{launcher} dev.destroy --yes")
    if owner.branch() == BRANCH:
        # Files that the tasks made: afterwards, .gitignore would not list them any more.
        owner.git("clean", "--quiet", "--force", "-d", "-X", "--", f"{owner.prefix}.dev")
        how = [before] if owner.has_branch(before) else ["--detach", before]
        owner.git("-c", f"core.hooksPath={os.devnull}", "switch", "--quiet", *how)
    owner.git("branch", "--quiet", "--delete", "--force", BRANCH)
    return before


def remembered(owner: Repository, key: str) -> str:
    """A value of the repository's configuration; empty if there is none."""
    return owner.git("config", "--default", "", "--get", key)


def on_this_machine(owner: Repository) -> str:
    """The service, if it is in the machine's state (CONTRACT.md): without .dev/ it could not be stopped or removed."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state", "devenv", "v1")
    for page in sorted(home.glob("*/*.json")):
        try:
            record = json.loads(page.read_text())
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and record.get("checkout") == str(owner.folder.resolve()):
            return f"{page.stem} (workspace {page.parent.name})"
    return ""
