"""Data states by name: kept, and brought back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace

from devenv.base import events
from devenv.base.errors import MISSING, REFUSED, USAGE, DevError, did_you_mean
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.databases.states import DRAFT, PREVIOUS, SNAPSHOT, UNKNOWN, Note, State
from devenv.datastates import live, packages, space, store
from devenv.datastates.steps import Step
from devenv.model import lineage

NAME = r"[a-z0-9][a-z0-9._-]{0,60}"
COMMIT = r"[0-9a-f]{12}"  # of a detached HEAD, see store.branch


def check_possible(env: Environment) -> None:
    """DevError 110 or 111 if the service has no database with states to keep."""
    if not env.database:
        message = f"{env.config.service}: {env.place.compose} declares no database that we know"
        raise DevError(MISSING, message, "known images: postgres, mariadb, mysql")
    if not env.database.renames:
        env.on(f"{env.database.name}_other")


def check_name(name: str) -> None:
    """DevError 2 unless it is a valid name for a snapshot."""
    if not re.fullmatch(NAME, name) or name == PREVIOUS:
        raise DevError(USAGE, f"{name} is not a valid snapshot name", "such as before-import: a-z, 0-9, hyphens")


def snapshot_steps(env: Environment, name: str) -> list[Step]:
    """What `snapshot` does. Changes nothing."""

    def do(env: Environment) -> Environment:
        snapshot(env, name, again=True)
        return env

    check_name(name)
    there = any(s.kind == SNAPSHOT and s.name == name for s in store.every(env))
    return [Step(f"copy the live data as {name}", "in place of the one that exists (--replace)" if there else "", do)]


def snapshot(env: Environment, name: str, again: bool = False) -> State:
    """Keep the live data under a name. DevError 114 if the name is taken, unless `again`."""
    there = [s for s in store.every(env) if s.kind == SNAPSHOT and s.name == name]
    if there and not again:
        message = f"snapshot {name} of {there[0].branch or 'this service'} already exists"
        raise DevError(REFUSED, message, f"inv dev.snapshot {name} --replace", "inv dev.state list")
    assert env.database
    with store.draft(env, env.database.name) as made:
        kept = replace(made, kind=SNAPSHOT, name=name)
        replaced = [replace(s, kind=DRAFT) for s in there if s.database]
        store.do(env, Note((kept, *replaced)))
    space.prune(env, there)
    space.check_space(env)
    return kept


def find(env: Environment, name: str) -> State:
    """A state by its name, key or id. DevError 2."""
    if match := matching(env, name):
        return match
    hint = did_you_mean(name, sorted({s.name for s in _all(env)}))
    raise DevError(USAGE, f"unknown state {name}", hint, "inv dev.state list")


def matching(env: Environment, name: str) -> State | None:
    """A state by its name, key or id; None if there is none. Of several, a snapshot is preferred, else the newest."""
    found = _all(env)
    for match in (
        [s for s in found if s.kind == SNAPSHOT and s.name == name],
        [s for s in found if s.name == name],
        [s for s in found if name in (s.id, s.key)],
    ):
        if match:
            return match[-1]
    return None


def _all(env: Environment) -> list[State]:
    return [*store.unknown(env), *store.every(env)]


def restore_steps(env: Environment, stored: State) -> list[Step]:
    """Make a copy of a state the live data, migrated to the checkout; the data until then is kept as `previous`.

    `check_fits` comes first. To list the steps changes nothing, and runs no command of the service.
    """

    def do(env: Environment) -> Environment:
        with store.draft(env, store.on_server(env, stored).database) as made:
            return bring(env, made, stored, stored.name)

    return [Step(f"use a copy of {stored.name}", why(env, stored), do)]


def why(env: Environment, stored: State) -> str:
    """What becomes of a state, and of the live data, when it is made live."""
    files = store.files(env)
    behind = stored.data.get("migrated") != lineage.key(files) and "migrate" in env.config.commands
    migrated = f"migrated, since it was made with {difference(stored.data.get('files') or {}, files)}; "
    return f"{migrated if behind else ''}{live.KEPT}"


def bring(env: Environment, made: State, stored: State, typed: str) -> Environment:
    """Make a draft with the rows of a state the live data, migrated to the checkout.

    `typed`: what names the state on the command line. DevError 112 if it cannot be migrated, with the live data as it
    was.
    """
    verb = f"dev.restore {shlex.quote(typed)}"
    files = store.files(env)
    known = store.known_of_copy(stored, made.branch)
    behind = known.get("migrated") != lineage.key(files) and "migrate" in env.config.commands
    if behind and env.chooses_database:
        events.note(f"{stored.name} was made with {difference(known.get('files') or {}, files)}: migrating it")
        service_commands.within(verb, "migrate", service_commands.migrate, env.on(made.database))
        known = {**known, "migrated": lineage.key(files), "files": files, "packages": packages.of(env)}
    env = live.restart(store.swap(env, made, known, PREVIOUS, PREVIOUS))
    if behind and not env.chooses_database:
        with live.undone(env):
            service_commands.within(verb, "migrate", live.migrate, env)
    return env


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which files differ, in words: `other content of seeds/default.py and 2 more files`."""
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if not before or not names:
        return "another version of this checkout"
    more = f" and {len(names) - 1} more file{'s' * (len(names) > 2)}" if len(names) > 1 else ""
    return f"other content of {names[0]}{more}"


def check_known(gone: State) -> None:
    """DevError 114 for a database that no row names: it may be anybody's, so it is not removed."""
    if gone.kind == UNKNOWN:
        message = f"{gone.name} was not made by these commands, so it is not removed"
        raise DevError(
            REFUSED, message, f"inv dev.restore {gone.name}", "to remove it: DROP DATABASE in inv dev.dbshell"
        )


def check_fits(env: Environment, stored: State, force: bool, without_packages: bool = False) -> None:
    """DevError 114 if a state has migrations that are not in the checkout; a warning with `force`.

    `without_packages`: do not run the service's command that lists theirs.
    """
    lost = lineage.lost(stored.files, store.files(env), env.config.migrations)
    lost = lost or ([] if without_packages else packages.lost(env, stored.data))
    message = f"{stored.name} was made with migrations that are not in this checkout: {', '.join(lost)}"
    if lost and force:
        events.warn(message)
    elif lost:
        detach = "--detach " if re.fullmatch(COMMIT, stored.branch) else ""
        switch = f"git switch {detach}{shlex.quote(stored.branch)}"
        other = switch if stored.branch else "switch to the branch that it was made on"
        same = "if the migrations do the same, run the command again with --force"
        if stored.branch and stored.branch == store.branch(env):  # they were changed on this branch
            raise DevError(REFUSED, message, same)
        raise DevError(REFUSED, message, other, same)
