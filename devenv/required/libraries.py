"""Edited libraries: a checkout instead of the released package, in every service of this root that uses it.

Each service has its edits in its record, so no file of a repository changes. A required service that runs as in
production cannot reload, so it runs from source while one of its libraries is edited.
"""

from __future__ import annotations

import functools
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import disk, events, git, process, records
from devenv.base.errors import MISSING, USAGE, DevError, did_you_mean, guess
from devenv.context.environment import Environment
from devenv.engines import choice
from devenv.lifecycle import up as operation
from devenv.model import config, document, json_schema, libraries, lockfiles
from devenv.model.libraries import Declared, Library
from devenv.required import mirrors, stack, trust

# What an installation of a checkout, or its use, writes into it.
WRITTEN = {lockfiles.PYTHON: ("__pycache__/", "*.egg-info/"), lockfiles.NODE: ("node_modules/",)}


class User(NamedTuple):
    """A service that may use a library. `member`: None for the root itself."""

    name: str
    root: Path
    declared: Declared | None  # what its dev.yaml says of the library
    native: Mapping[str, str]  # `native:` of its dev.yaml
    edits: dict[str, str]
    member: stack.Member | None

    def uses(self, library: str) -> bool:
        """Whether its dev.yaml or a lock file names the library."""
        return self.declared is not None or bool(lockfiles.language_of(self.root, library))


def uses(env: Environment, name: str) -> bool:
    """Whether this service itself uses a library."""
    return name in env.record.libraries or _own(env, name).uses(name)


def edit(env: Environment, name: str, given: str, only: str) -> tuple[Path, list[str], list[str]]:
    """Replace a library by a checkout in all services that use it, or in `only` one; those that run are updated now.

    Returns the checkout, the services, and which of them run. DevError 2 if none uses it, 113 if the checkout does not
    go with a lock file.
    """
    whole = stack.of(env)
    users = _users(env, whole, name, only)
    checkout = _checkout(env, name, given, users)
    for user in users:
        found = libraries.library(user.root, name, checkout, user.declared)
        libraries.check(found)
        libraries.check_locked(user.name, user.root, {**_others(user, name), name: found})
    _announce(users, name, checkout)

    for user in users:
        _keep_from_git(libraries.library(user.root, name, checkout, user.declared))
        edits = {**user.edits, name: str(checkout)}
        records.change(env.place.workspace, user.name, "dev.edit", functools.partial(_note, edits))
    running = _update(env, name, users, "dev.edit")
    return checkout, [user.name for user in users], running


def use(env: Environment, name: str, only: str) -> tuple[list[str], str]:
    """Go back to the released package in all services where the library is edited, or in `only` one.

    Returns the services, and what is true of the library in them now.
    """
    everyone = _everyone(env, stack.of(env), name)
    users = [user for user in everyone if only in ("", user.name) and name in user.edits]
    if not users:
        raise _not_edited(name, everyone)

    for user in users:
        if Path(user.edits[name]).is_dir():
            found = libraries.library(user.root, name, Path(user.edits[name]), user.declared)
            place = env.place._replace(service=user.name, root=user.root)
            choice.undo(env.engine.name, place._replace(native=user.native, libraries={name: found}), found)
        edits = {other: path for other, path in user.edits.items() if other != name}
        records.change(env.place.workspace, user.name, "dev.use", functools.partial(_note, edits))
    _update(env, name, users, "dev.use")
    return [user.name for user in users], _after(env, name, users)


def _after(env: Environment, name: str, users: Sequence[User]) -> str:
    names = ", ".join(user.name for user in users)
    kept = next((d for user in users if (d := user.declared) and d.install and not d.remove), None)
    if kept and env.engine.name == choice.NATIVE:
        stays = f"what `{shlex.join(kept.install)}` made may stay, since dev.yaml has no libraries.{name}.remove"
        return f"the checkout of {name} is no longer installed in {names}; {stays}"
    if any(lockfiles.language_of(user.root, name) for user in users):
        return f"{name} is the release of the lock file again in {names}"
    return f"{name} is removed from {names}"


def _not_edited(name: str, everyone: Sequence[User]) -> DevError:
    edited = {each: user.name for user in everyone for each in user.edits}
    edited.update({user.name: user.name for user in everyone if user.member and user.member.edited})
    known = f"{guess(name, [*edited])}edited: {', '.join(sorted(edited))}" if edited else "nothing is edited"
    return DevError(USAGE, f"{name} is not edited", known, f"to edit it: inv dev.edit {name} PATH")


def is_edited(env: Environment, name: str) -> bool:
    """Whether this service or a required one runs on a checkout of the library."""
    if name in env.record.libraries:
        return True
    return any(name in member.libraries for member in stack.recorded(env).members.values())


def _users(env: Environment, whole: stack.Stack, name: str, only: str) -> list[User]:
    """The services that use the library. DevError 2 if there is none."""
    everyone = _everyone(env, whole, name)
    names = [user.name for user in everyone]
    if only and only not in names:
        raise DevError(USAGE, f"--in {only}: {env.config.service} does not require {only}", did_you_mean(only, names))
    users = [user for user in everyone if only in ("", user.name) and (user.uses(name) or name in user.edits)]
    if users:
        return users
    asked = [user for user in everyone if only in ("", user.name)]
    found = {
        user.name: [p for packages in lockfiles.locked(user.root).values() for p in packages.values()] for user in asked
    }
    services = [] if only else [*whole.members]
    known = guess(name, [*services, *(package.name for each in found.values() for package in each)])
    allowed = f"{known}allowed: {', '.join(services) or 'no services'}, and every library in a lock file"
    files = {user: ", ".join(sorted({package.file for package in each})) for user, each in found.items()}
    lacks = "; ".join(
        f"not in {file} of {user}" if file else f"{user} has no lock file" for user, file in files.items()
    )
    declare = f"or declare the library: libraries: {{{name}: {{}}}} in dev.yaml"
    raise DevError(USAGE, f"{only or env.config.service} does not require {name}", allowed, lacks, declare)


def _everyone(env: Environment, whole: stack.Stack, name: str) -> list[User]:
    """This service and the required ones."""
    return [_own(env, name), *(_member(member, name) for member in whole.members.values())]


def _own(env: Environment, name: str) -> User:
    declared = env.config.libraries.get(name)
    return User(env.config.service, env.place.root, declared, env.config.native, env.record.libraries, None)


def _member(member: stack.Member, name: str) -> User:
    """A required service, whose own tools check its dev.yaml: what is wrong there counts as not declared."""
    native: Mapping[str, str] = {}
    try:
        source = document.load(member.checkout / "dev.yaml")
        native = source.data.get("native") or {}
        known = {key: value for key, value in source.data.items() if key == "libraries"}
        json_schema.check(source._replace(data=known), _LIBRARIES)
        declared = config.library(source, name) if name in known.get("libraries", {}) else None
    except DevError:
        declared = None
    return User(member.name, member.checkout, declared, native, dict(member.libraries), member)


_LIBRARIES = {
    "type": "object",
    "properties": {"libraries": json_schema.read(config.SCHEMA)["properties"]["libraries"]},
}


def _checkout(env: Environment, name: str, given: str, users: Sequence[User]) -> Path:
    """The folder of the library: the given one, else the one next to this repository, which may be cloned."""
    path = Path(given).expanduser().resolve() if given else env.place.root.parent / name.rpartition("/")[2]
    if path.is_dir():
        return path
    repo = next((user.declared.repo for user in users if user.declared and user.declared.repo), "")
    if not repo:
        hint = f"libraries: {{{name}: {{repo: URL}}}} in dev.yaml says where it is cloned from"
        again = f"inv dev.edit {name} PATH (default: the folder next to this repository)"
        raise DevError(USAGE, f"there is no folder {path}", again, hint)
    repo = str((env.place.root / repo).resolve()) if repo.startswith(".") else repo
    trust.check(repo, f"the library {name}", once="")
    events.note(f"cloning {repo} into {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        clone = Path(folder, path.name)  # an interrupted command leaves no half checkout
        # After --, since a required service may have written the address.
        argv = git.argv("clone", "--quiet", "--", repo, str(clone))
        done = process.bounded(argv, mirrors.quiet(), mirrors.WORK)
        if done.code:
            reason = done.stderr.strip() or "git printed nothing"
            raise DevError(MISSING, f"{repo} could not be cloned: {reason}", f"git ls-remote {shlex.quote(repo)}")
        clone.rename(path)
    return path


def _keep_from_git(found: Library) -> None:
    """Let git ignore what an installation writes into the checkout, in this clone's own list: no file of it changes."""
    here = git.argv(at=found.folder)
    for pattern in WRITTEN.get(found.language, ()):
        if process.capture([*here, "check-ignore", "--quiet", pattern.replace("*", "some")]).code == 1:
            own = process.capture([*here, "rev-parse", "--git-path", "info/exclude"]).stdout.strip()
            disk.add_line(found.folder / own, pattern)


def _others(user: User, name: str) -> dict[str, Library]:
    others = {other: Path(path) for other, path in user.edits.items() if other != name and Path(path).is_dir()}
    return {other: libraries.library(user.root, other, path, None) for other, path in others.items()}


def _announce(users: Sequence[User], name: str, checkout: Path) -> None:
    """What will happen, before it does."""
    events.note(f"{name} will come from {checkout} in {', '.join(user.name for user in users)}")
    lean = [user.name for user in users if user.member and not user.member.developed]
    if lean:
        words = "runs" if len(lean) == 1 else "run"
        events.note(f"{', '.join(lean)} {words} from source with reload, instead of lean, until: inv dev.use {name}")


def _update(env: Environment, name: str, users: Sequence[User], task: str) -> list[str]:
    """Let the services that run take over what was changed, and return them. The others do at their next start.

    If the installation fails in one, that one and those after it keep what they had: their records say what is true.
    """
    built = {user.name: _built(env, user) for user in users}
    try:
        return list(_take_over(env, name, users))
    except BaseException as error:
        kept = [user for user in users if _built(env, user) == built[user.name]]
        for user in kept:
            records.change(env.place.workspace, user.name, task, functools.partial(_note, user.edits))
        if isinstance(error, DevError) and kept == list(users) and not any(name in user.edits for user in users):
            hints = [hint for hint in error.hints if not hint.endswith(f"inv dev.use {name}")]  # there is no edit
            raise DevError(error.code, error.message, *hints) from None
        raise


def _note(edits: dict[str, str], record: records.Record) -> None:
    record.libraries = dict(edits)


def _built(env: Environment, user: User) -> str:
    """A fingerprint of what a service was built from."""
    return str(records.read(env.place.workspace, user.name).up.get("build", ""))


def _take_over(env: Environment, name: str, users: Sequence[User]) -> Iterator[str]:
    whole = stack.of(env)
    for user in users:
        record = records.read(env.place.workspace, user.name)
        if user.member and record.checkout and whole.runs(user.name):
            whole.restart(whole.members[user.name])
            _check_told(user.name, name, record.libraries, whole.answers[user.name])
            yield user.name
    if any(user.member is None for user in users):
        with env.locked("dev.edit") as there:
            if any(state.running for state in there.engine.look().values()):
                operation.up(there, only=True)
                yield env.config.service


def _check_told(service: str, name: str, wanted: dict[str, str], answer: dict[str, Any]) -> None:
    """A service whose tools are of an earlier release does not know edited libraries."""
    if name in wanted and name not in (answer.get("libraries") or {}):
        events.warn(
            f"{service} still runs the released {name}: its tools are too old; in {service}: inv template.update"
        )
