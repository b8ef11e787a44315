"""The data: migrate, seed, reset; its states: snapshot, restore, state; and production's schema: schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from invoke.tasks import task

from devenv.base import events, output
from devenv.base.errors import USAGE, DevError
from devenv.context import building, environment, health
from devenv.databases.states import PREVIOUS
from devenv.datastates import live, planning, room, snapshots, space, store
from devenv.datastates.live import DEFAULT
from devenv.datastates.steps import carry_out
from devenv.readers import report
from devenv.tasks import render
from devenv.tasks.common import JSON, WORKSPACE, confirm, finish, params, shown

SCHEMA_ACTIONS = ("dump", "check")
STATE_ACTIONS = ("list", "prune")


@task(help={**WORKSPACE, **JSON})
def migrate(c: Any, workspace: str = "", json: bool = False) -> None:
    """Bring the schema up to date."""
    with environment.opened("dev.migrate", workspace) as env:
        if _has_no_data(env, "migrate", "migrate" in env.config.commands):
            _answer(env, json)
            return
        env = live.ready(env)
        building.ensure(env)
        carry_out(env, planning.migrate(env))
    _finish(env, json, "the schema is up to date; to go back to fresh data: inv dev.reset")


@task(
    iterable=["param"],
    help={
        **WORKSPACE,
        "scenario": "a scenario of dev.yaml; also without the flag: dev.seed NAME",
        "param": "a parameter, NAME=VALUE; can be repeated",
        "list": "show the scenarios and their parameters",
        "json": "answer with one JSON object on stdout, with the scenario's own as `outputs`",
    },
)
def seed(
    c: Any, scenario: str = DEFAULT, param: Any = None, list: bool = False, json: bool = False, workspace: str = ""
) -> None:
    """Fill in a scenario's data, and print its result as JSON."""
    if list:
        _list(environment.open_environment(workspace))
        return
    given = params(param)
    with environment.opened("dev.seed", workspace) as env:
        if scenario == DEFAULT and _has_no_data(env, "seed", DEFAULT in env.config.scenarios):
            _answer(env, json, outputs={}) if json else output.answer({})
            return
        env.config.scenario(scenario).argv(given)  # report a wrong name or parameter before anything starts
        env = live.ready(env)
        building.ensure(env)
        told: dict[str, Any] = {}
        carry_out(env, planning.seed(env, scenario, given, told))
    if not json:
        output.answer(told)
    _finish(env, json, f"the rows of scenario {scenario} are there; to undo: inv dev.reset", outputs=told)


@task(
    iterable=["param"],
    help={
        **WORKSPACE,
        "scenario": "a scenario of dev.yaml, instead of default",
        "param": "a parameter of the scenario, NAME=VALUE; can be repeated",
        **JSON,
    },
)
def reset(c: Any, scenario: str = DEFAULT, param: Any = None, json: bool = False, workspace: str = "") -> None:
    """Go back to fresh data; keep the current data as `previous`."""
    given = params(param)
    with environment.opened("dev.reset", workspace) as env:
        declared = bool(env.config.scenarios) or "migrate" in env.config.commands
        if scenario == DEFAULT and not given and _has_no_data(env, "reset", declared):
            _answer(env, json)
            return
        if given or scenario != DEFAULT:
            env.config.scenario(scenario).argv(given)  # report a wrong name or parameter before anything starts
        env = live.ready(env)
        building.ensure(env)
        carry_out(env, planning.reset(env, scenario, given))
        health.reconnected(env)
        kept = any(each.kind == PREVIOUS for each in store.every(env)) if env.database else False
    undo = "; the rows until now are kept: inv dev.restore previous" if kept else ""
    _finish(env, json, f"the data is fresh{undo}")


def _finish(env: environment.Environment, json: bool, sentence: str, data: str = "", **known: Any) -> None:
    """The end of a verb; see common.finish."""
    about = {"service": env.config.service, "workspace": env.place.workspace, **known}
    finish(f"{env.config.service}: {sentence}", json, data, about)


def _answer(env: environment.Environment, json: bool, **known: Any) -> None:
    """The answer of a verb that had nothing to do, and said so."""
    if json:
        about = {"service": env.config.service, "workspace": env.place.workspace, **known}
        output.answer({**about, **report.of_run.summary()})


def _has_no_data(env: environment.Environment, what: str, declared: bool) -> bool:
    """Whether there is nothing to do: services without a database have these tasks too, for scripts."""
    if env.database or declared:
        return False
    events.note(f"nothing to {what}: {env.config.compose} declares no database that we know")
    return True


def _list(env: environment.Environment) -> None:
    rows = [
        [scenario.name, " ".join(f"{name}={default}" for name, default in scenario.params.items()), scenario.help]
        for scenario in env.config.scenarios.values()
    ]
    render.scenarios(rows, output.data)


@task(
    positional=["action"],
    help={
        **WORKSPACE,
        **JSON,
        "action": "dump: write schema.sql; check: compare this branch's migrations with it",
        "from": "dump: a remote database, postgresql://user:password@host/name; by default, the local one",
    },
)
def schema(c: Any, action: str, from_: str = "", json: bool = False, workspace: str = "") -> None:
    """Save production's schema; compare the migrations with it."""
    if action not in SCHEMA_ACTIONS:
        raise DevError(USAGE, f"dev.schema {action}: unknown action", f"allowed: {', '.join(SCHEMA_ACTIONS)}")
    if action == "check" and from_:
        raise DevError(USAGE, f"dev.schema {action} does not take --from", "inv dev.schema --help")
    from devenv.datastates import drift  # here, since no other task needs it

    with environment.opened("dev.schema", workspace) as env:
        if not env.database:
            events.note(f"nothing to {action}: {env.config.compose} declares no database that we know")
            return
        env = live.ready(env)
        if action == "dump":
            drift.dump(env, from_, os.environ)
            _finish(env, json, f"{drift.FILE} is written{shown(drift.FILE)}", drift.FILE)
            return
        found = drift.check(env)
    if json:
        output.answer(found.json())
    else:
        for line in found.words():
            output.data(line)
    if found.drift:
        raise found.error()
    events.note("production's schema with the pending migrations equals a fresh migration")


@task(
    positional=["name"],
    help={
        **WORKSPACE,
        "name": "the name of the snapshot",
        "replace": "replace an existing snapshot of that name, and an existing file",
        "export": "also write it to this file, for another machine or engine",
        "scrub": "remove personal data from the file: commands.scrub of dev.yaml runs on a copy",
        **JSON,
    },
)
def snapshot(
    c: Any,
    name: str,
    replace: bool = False,
    export: str = "",
    scrub: bool = False,
    json: bool = False,
    workspace: str = "",
) -> None:
    """Keep a copy of the current data under a name."""
    if scrub and not export:
        raise DevError(USAGE, "--scrub works on an exported file", f"add --export {name}.tar.gz")
    target = None
    if export:
        from devenv.datastates import exports  # here, since few commands need it

        target = exports.target(Path(c.folder, Path(export).expanduser()), replace)
    with environment.opened("dev.snapshot", workspace) as env:
        snapshots.check_possible(env)
        snapshots.check_name(name)
        if scrub:
            env.config.command("scrub")  # if it is missing, report that before a snapshot is made
        env = live.ready(env)
        kept = snapshots.snapshot(env, name, replace)
        if target:
            exports.export(env, kept, target, scrub)
    place = f", and written to {target}" if target else ""
    words = f"the data is kept as {name}{place}; to bring it back: inv dev.restore {name}"
    _finish(env, json, words, str(target or name), name=name, file=str(target or ""))


@task(
    positional=["name"],
    help={
        **WORKSPACE,
        "name": "a name of dev.state list, or a file",
        "force": "even if migrations that it was made with are missing here, or were changed",
        **JSON,
    },
)
def restore(c: Any, name: str, force: bool = False, json: bool = False, workspace: str = "") -> None:
    """Restore a snapshot or file; keep current data as `previous`."""
    file = Path(c.folder, Path(name).expanduser())
    with environment.opened("dev.restore", workspace) as env:
        snapshots.check_possible(env)
        env = live.ready(env)
        building.ensure(env)
        carry_out(env, planning.restore(env, name, file, force))
        health.reconnected(env)
    undo = "inv dev.restore previous"
    _finish(env, json, f"the data of {name} is live; the rows until now are kept: {undo}", name=name)


@task(
    positional=["action"],
    iterable=["name"],
    help={
        **WORKSPACE,
        **JSON,
        "action": "list or prune",
        "all": "prune: also snapshots and data of other branches",
        "name": "prune: only this state; can be repeated",
        "yes": "prune without asking",
    },
)
def state(
    c: Any,
    action: str,
    all: bool = False,
    name: Any = None,
    yes: bool = False,
    json: bool = False,
    workspace: str = "",
) -> None:
    """List the stored states of the data, or remove some."""
    if action not in STATE_ACTIONS:
        raise DevError(USAGE, f"dev.state {action}: unknown action", f"allowed: {', '.join(STATE_ACTIONS)}")
    with environment.opened("dev.state", workspace) as env:
        snapshots.check_possible(env)
        if not store.has_data(env):  # to look must not make an empty database
            events.note(f"{env.config.service} has no data here yet; to make it: inv dev.up")
            if action == "list" and json:
                output.answer([])
            elif action == "prune":
                _answer(env, json)
            return
        if action == "prune":
            # Without the server, only dumps are known. Those that cannot be made again go if that is confirmed.
            env = room.ready(env, [] if name else space.prunable(env, all and yes))
        else:
            env = live.ready(env, changes=False)
        gone = planning.prunable(env, name or [], all) if action == "prune" else []
        found = space.rows(env)
    if action == "list":
        output.answer(found) if json else render.states(found, output.data)
    elif gone:
        _prune([row for row in found if row["id"] in {each.id for each in gone}], yes, json, workspace)
    else:
        events.note("nothing to remove: each state is the newest of its branch, or may have rows made by hand (--all)")
        _answer(env, json)


def _prune(rows: list[dict[str, Any]], yes: bool, json: bool, workspace: str) -> None:
    """Ask, without the lock, and remove what is still there of what was shown."""
    render.states(rows, events.note)
    confirm(f"Remove {_states(rows)}?", yes)
    ids = {row["id"] for row in rows}
    with environment.opened("dev.state", workspace) as env:
        env = live.ready(env)
        gone = [each for each in store.every(env) if each.id in ids]
        carry_out(env, planning.prune(gone))
    removed = [row for row in rows if row["id"] in {each.id for each in gone}]
    _finish(env, json, f"removed {_states(removed)}; the live data is as it was: inv dev.state list")


def _states(rows: list[dict[str, Any]]) -> str:
    """How many, and how much: `2 stored states, 16 MB`."""
    size = output.mebibytes(sum(row["size"] for row in rows))
    return f"{len(rows)} stored state{'s' * (len(rows) != 1)}, {size}"
