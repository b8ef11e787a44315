"""The tasks down and destroy, and those that only look: plan, status, doctor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from invoke.tasks import task

from devenv.base import events, output
from devenv.base.errors import FOUND, USAGE, DevError, did_you_mean
from devenv.context import environment
from devenv.context.workspace import MAIN
from devenv.datastates import live, planning
from devenv.datastates.steps import Step, carry_out
from devenv.engines.interface import State
from devenv.lifecycle import ending, plan
from devenv.lifecycle import gone as orphaned
from devenv.lifecycle.status import Status
from devenv.lifecycle.status import status as look
from devenv.required import by_record, stack
from devenv.required import ending as required_ending
from devenv.tasks import render
from devenv.tasks.common import JSON, ONLY, PORT, WORKSPACE, confirm, finish, params

ENDING = ("down", "destroy")
PLANNED = ("up", *planning.VERBS, *ENDING)


@task(help={**WORKSPACE, **JSON, **ONLY})
def down(c: Any, workspace: str = "", json: bool = False, only: bool = False) -> None:
    """Stop the service, and what only it requires; the data stays."""
    try:
        words, known = _down(workspace, only)
    except DevError as error:
        left = _recorded(error, workspace)
        stopped = only or not left.used
        left.end(removed=False, only=only)
        words, known = _stopped(left.name, stopped), _about(left.name, left.workspace)
    again = "inv dev.up" if known["workspace"] == MAIN else f"inv dev.up --workspace {known['workspace']}"
    finish(f"{words}: {again}", json, known=known)


def _down(workspace: str, only: bool) -> tuple[str, dict[str, Any]]:
    """Stop the service; what was done, in words, and which service it is about."""
    with environment.opened("dev.down", workspace, any_name=True) as env:
        stopped = only or not ending.others(env)
        carry_out(env, ending.down(env, only))
    if not only:
        carry_out(env, required_ending.of(stack.recorded(env), removed=False))
    name = env.config.service
    words = _stopped(name, stopped) if env.record.checkout else f"{name} was not up; to start it"
    return words, _about(name, env.place.workspace)


def _recorded(error: DevError, workspace: str) -> by_record.Left:
    """What is on record of this checkout, for a verb that ends; the error itself, if nothing is."""
    left = by_record.instead_of(error, environment.ROOT, workspace)
    events.warn(f"{error.message}; what this machine has on record is used instead")
    return left


def _stopped(name: str, stopped: bool) -> str:
    words = f"{name} is stopped, and its data is kept" if stopped else f"{name} stays up for the others"
    return f"{words}; to start it again"


@task(help={**WORKSPACE, **JSON, **ONLY})
def status(c: Any, workspace: str = "", json: bool = False, only: bool = False) -> None:
    """Show what runs where, how to log in, and the memory it uses."""
    wrong: DevError | None = None
    try:
        found, required = _status(workspace, only)
    except DevError as error:
        wrong = error
        left = by_record.instead_of(error, environment.ROOT, workspace)
        found = by_record.status(left.own[0], left.own[0].engine)
        members = [] if only else [by_record.status(record, found.engine) for record in left.required]
        required = [{**member.as_dict(), "runs": "unknown"} for member in members]
    if json:
        output.answer({**found.as_dict(), "requires": required})
    else:
        render.status(found, required, output.data)
    if wrong:
        raise wrong


def _status(workspace: str, only: bool) -> tuple[Status, list[dict[str, Any]]]:
    """The status of the service, and of those that it requires."""
    env = environment.open_environment(workspace, any_name=True)
    states = env.engine.look()
    env = _glanced(env, states)
    return look(env, states), [] if only else stack.recorded(env).status()


def _glanced(env: environment.Environment, states: Mapping[str, State]) -> environment.Environment:
    """The environment with what the database's server knows of the data, if it answers; else with the record's copy."""
    with suppress(DevError):
        return live.glance(env, states)
    return env


@task(
    name="plan",
    iterable=["param"],
    help={
        **WORKSPACE,
        **PORT,
        **JSON,
        "mermaid": "print the graph as a Mermaid diagram",
        "verb": f"instead of up: {', '.join(PLANNED[1:])}",
        "name": "the scenario, snapshot, state or file that the verb is about",
        "param": "a parameter of the scenario, NAME=VALUE; can be repeated",
        "all": "prune: also snapshots and data of other branches",
    },
)
def plan_(
    c: Any,
    workspace: str = "",
    port: int = 0,
    json: bool = False,
    mermaid: bool = False,
    verb: str = "",
    name: str = "",
    param: Any = None,
    all: bool = False,
) -> None:
    """Show what dev.up or another verb would do, and change nothing."""
    if verb and verb not in PLANNED:
        hint = did_you_mean(verb, [*PLANNED])
        raise DevError(USAGE, f"dev.plan {verb}: unknown verb", hint, f"allowed: {', '.join(PLANNED)}")
    given = planning.Words(name, params(param), Path(c.folder, Path(name).expanduser()), all)
    env = environment.open_environment(workspace, port, debug=False, any_name=verb in ENDING)
    states = env.engine.look()
    env = _glanced(env, states)
    live.report_lost(env)
    if verb not in ("", "up"):
        _answer_steps(env, verb, _ends(env, verb) if verb in ENDING else planning.of(env, states, verb, given), json)
        return
    steps = plan.decide(plan.observe(env, states), env.config, env.place.services)
    whole = stack.of(env)
    first = [plan.Step("start", (name,), "required, and not running") for name in whole.stopped()]
    value = {**plan.describe(env, [*first, *steps]), "requires": whole.describe()}
    if json:
        output.answer(value)
    elif mermaid:
        render.mermaid(value, output.data)
    else:
        render.plan(value, output.data)


def _ends(env: environment.Environment, verb: str) -> list[Step]:
    """The steps of dev.down or dev.destroy."""
    removed = verb == "destroy"
    own = ending.destroy(env) if removed else ending.down(env)
    return [*own, *required_ending.of(stack.recorded(env), removed)]


def _answer_steps(env: environment.Environment, verb: str, steps: list[Step], json: bool) -> None:
    value = {**plan.head(env), "verb": verb, "steps": [str(step) for step in steps]}
    if json:
        output.answer(value)
    else:
        render.steps(value, output.data)


@task(help={**JSON, "fix": "remove damaged caches, which the next dev.up makes again"})
def doctor(c: Any, json: bool = False, fix: bool = False) -> None:
    """Check everything that can be wrong, and print the fixes."""
    from devenv.lifecycle.doctor import examine, remove_caches  # here, since no other task needs it

    findings = examine()
    if not json:
        render.doctor(findings, output.data)
    fixed = remove_caches(findings) if fix else []
    if json:
        rows = ((each, each.ok or each in fixed) for each in findings)
        output.answer([{"code": each.code, "ok": ok, "what": each.what, "fix": each.fix} for each, ok in rows])
    wrong = [finding.code for finding in findings if not finding.ok and finding not in fixed]
    if wrong:
        raise DevError(FOUND, f"found {len(wrong)}: {', '.join(wrong)}")


@task(help={**WORKSPACE, **JSON, **ONLY, "yes": "do not ask", "gone": "WORKSPACE/SERVICE, whose checkout is gone"})
def destroy(
    c: Any, workspace: str = "", json: bool = False, only: bool = False, yes: bool = False, gone: str = ""
) -> None:
    """Remove the service, its data, and what only it requires."""
    if gone:
        record = orphaned.named(gone)
        confirm(f"Remove {gone} with all data? Its checkout {record.checkout} is gone, or another service.", yes)
        orphaned.remove(record)
        finish(f"removed: {gone} with all data", json, known=_about(record.service, record.workspace))
        return
    try:
        what, known = _destroy(workspace, only, yes)
    except DevError as error:
        left = _recorded(error, workspace)
        what = _with_data([left.name, *([] if only else left.unshared())], left.workspace)
        confirm(f"Remove {what}?", yes)
        left.end(removed=True, only=only)
        known = _about(left.name, left.workspace)
    finish(f"removed: {what}; to start with fresh data: inv dev.up", json, known=known)


def _destroy(workspace: str, only: bool, yes: bool) -> tuple[str, dict[str, Any]]:
    """Remove the service; what was removed, in words, and which service it is about."""
    env = environment.open_environment(workspace, any_name=True)
    required = None if only else stack.recorded(env)
    what = _with_data([env.place.service, *(required.unshared() if required else [])], env.place.workspace)
    confirm(f"Remove {what}?", yes)
    with env.locked("dev.destroy") as there:
        carry_out(there, ending.destroy(there, only))
    if required:
        carry_out(env, required_ending.of(required, removed=True))
    return what, _about(env.config.service, env.place.workspace)


def _with_data(names: Iterable[str], workspace: str) -> str:
    return f"{', '.join(names)} of workspace {workspace} with all data"


def _about(service: str, workspace: str) -> dict[str, Any]:
    """Which service a command was about, for --json."""
    return {"service": service, "workspace": workspace}
