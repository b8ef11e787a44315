"""Updates to a release of the template, on a branch: completely, or not at all."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from tools.adopt import change, repository
from tools.adopt.change import Change
from tools.adopt.errors import CONFLICT, Refusal
from tools.adopt.output import listed, say

OLD_BOOTSTRAP = ".dev/bootstrap.py"
OLD_FOLDERS = (".dev/devenv", ".dev/__pycache__", ".dev/local/venv")


def update(path: Path, template: Path, wanted: str = "", given: Mapping[str, str] | None = None) -> str:
    """Make a branch with the update and check it out; returns its name, or an empty text without an update.

    Refusal 113 on any conflict: then the work tree is unchanged, and the attempt is on the branch. Refusal 114 if
    something is not committed.
    """
    service = repository.find(path)
    repository.clean(service)
    found = change.compute(service, template, wanted, given)
    if not found.files:
        say(f"{path} is already at {found.start} of the template, and nothing newer is out")
        return ""
    branch = f"devenv-template-{found.release.version}"
    if service.has_branch(branch):
        hint = f"git -C {path} branch --delete --force {branch}, unless you want to go on with it"
        raise Refusal(CONFLICT, f"{path} already has a branch {branch}", hint)
    made = service.commit(service.head(), found.files, message(found))
    tell(found)
    if found.conflicts:
        service.git("branch", branch, made)
        raise left_to_a_person(service, branch, found)
    if service.entry(OLD_BOOTSTRAP):
        prepare_old_launcher(template)
    service.switch(branch, made)
    tell_leftovers(service)
    return branch


def prepare_old_launcher(template: Path) -> None:
    """Make the environment that the launcher of a release up to 0.4.0 looks for after this.

    It then checks the contract with a bootstrap.py in .dev/, which the update removes. A failure here happens there,
    too.
    """
    requirements = template / "tests" / "contract" / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "devenv", "tools")
    argv = [
        "python3",
        "-I",
        str(template / "devenv" / "bootstrap.py"),
        str(cache / f"contract-{digest}"),
        str(requirements),
    ]
    subprocess.run(argv, check=False)


def tell_leftovers(service: repository.Repository) -> None:
    """Report ignored files of releases up to 0.4.0 in .dev. They are not removed: the running command may need them."""
    names = [name for name in OLD_FOLDERS if (service.folder / name).is_dir() and not service.holds(name)]
    if names:
        say(f"not used any more: git -C {shlex.quote(str(service.folder))} clean -ffdx {' '.join(names)}")


def left_to_a_person(service: repository.Repository, branch: str, found: Change) -> Refusal:
    back = service.branch() or service.head()
    return Refusal(
        CONFLICT,
        f"{counted(found.conflicts)} to be looked at by a person:\n{listed(map(str, found.conflicts))}\n"
        f"  Your work tree is unchanged; the attempt is the last commit of the branch {branch}",
        f"git switch {branch}, resolve each conflict (by git rm FILE if it was removed), git commit --all",
        f"or give it up: git switch {back} && git branch --delete --force {branch}",
    )


def counted(conflicts: Collection[object]) -> str:
    return "1 file has" if len(conflicts) == 1 else f"{len(conflicts)} files have"


def message(found: Change) -> str:
    """The commit message."""
    said = f"Update of the development environment to {found.release.version}\n\nIt was at {found.start}.\n"
    if found.conflicts:
        said += f"\nTo be resolved by hand:\n{listed(map(str, found.conflicts))}\n"
    return said


def tell(found: Change) -> None:
    """Print the changes that a reviewer would not see in the diff."""
    say(f"from {found.start} to {found.release.version}: {len(found.files)} files")
    for name, value in found.added.items():
        say(f"new question {name}: answered with {value} (another one: --answer {name}=VALUE)")
    for name in found.dropped:
        say(f"the template does not ask {name} any more: the answer is dropped")
    for name in found.gone:
        say(f"{name}: removed here, so it stays removed")
    for name, page in found.extended.items():
        say(f"{name}: {page} extends it and your answers do not choose it, so it stays; from now on it is yours")
    for name in found.yours:
        say(f"{name}: the template has such a file now; yours is not changed")
