"""The tasks up, down and destroy, and those that only look: plan, status, doctor."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from invoke.tasks import task

from devenv.base import output, toolcache
from devenv.base.errors import FOUND, MISSING, UNHEALTHY, DevError, of_system
from devenv.context import environment
from devenv.context.workspace import MAIN
from devenv.datastates import live, planning
from devenv.engines.interface import State
from devenv.lifecycle import gone as orphaned
from devenv.lifecycle import plan
from devenv.lifecycle import up as operation
from devenv.lifecycle.status import status as look
from devenv.model import requirements
from devenv.readers import report
from devenv.required import stack, trust
from devenv.tasks import render
from devenv.tasks.common import JSON, ONLY, WORKSPACE, YES, confirm, finish, params

PORT = {"port": "the port, instead of the one in dev.yaml (also DEV_PORT)"}
DEBUG = {"debug": "run the app under its debugger, and print how to attach; without the flag, it is off again"}


@task(help={**WORKSPACE, **PORT, **DEBUG, **JSON, **ONLY, **YES})
def up(
    c: Any,
    workspace: str = "",
    port: int = 0,
    debug: bool = False,
    json: bool = False,
    only: bool = False,
    yes: bool = False,
) -> None:
    """Start the service, its data and the services that it requires."""
    trust.everyone = yes
    start = time.monotonic()
    under = debug or (None if only else False)  # a root that drives this service keeps its debugger
    with _examined(), _for_up(only, workspace, port, under) as env:
        done = operation.up(env, only)
    found = look(done.env, done.states)
    took = time.monotonic() - start
    render.up(found, took, json)
    if json:
        more = {"steps": [str(step) for step in done.steps], "seconds": round(took, 3)}
        output.answer({**report.of_run.summary(), **found.as_dict(), **more})
    if not only:
        toolcache.collect_daily()


@contextmanager
def _examined() -> Iterator[None]:
    """If the block fails for want of something, or of a healthy service, say what the quick checks find."""
    try:
        yield
    except (DevError, OSError) as problem:
        if isinstance(problem, BrokenPipeError):
            raise
        error = of_system(problem) if isinstance(problem, OSError) else problem
        if error.code not in (MISSING, UNHEALTHY):
            raise
        from devenv.lifecycle.doctor import quick  # here, since most commands do not fail

        told = "\n".join([error.message, *error.hints])
        found = [each for each in quick() if each.what not in told and each.fix not in told]
        more = [f"{each.code} {each.what}; fix: {each.fix}" for each in found]
        raise DevError(error.code, error.message, *error.advice, *more) from None


@contextmanager
def _for_up(only: bool, workspace: str, port: int, debug: bool | None) -> Iterator[environment.Environment]:
    """The environment under the lock. What the service requires is started before, without it."""
    if only or not requirements.of(environment.open_config().source):
        with environment.opened("dev.up", workspace, port, allocate=True, debug=debug) as env:
            yield env
        return
    env = environment.open_environment(workspace, port, allocate=True, debug=debug)
    with stack.brought_up(env) as told, told.locked("dev.up") as there:
        yield there


@task(help={**WORKSPACE, **JSON, **ONLY})
def down(c: Any, workspace: str = "", json: bool = False, only: bool = False) -> None:
    """Stop the service, and what only it requires; the data stays."""
    with environment.opened("dev.down", workspace) as env:
        stopped = operation.down(env, only)
    if not only:
        stack.recorded(env).down()
    again = "inv dev.up" if env.place.workspace == MAIN else f"inv dev.up --workspace {env.place.workspace}"
    name = env.config.service
    words = f"{name} is stopped, and its data is kept" if stopped else f"{name} stays up for the others"
    words = f"{words}; to start it again" if env.record.checkout else f"{name} was not up; to start it"
    finish(f"{words}: {again}", json, known=_known(env))


@task(help={**WORKSPACE, **JSON, **ONLY})
def status(c: Any, workspace: str = "", json: bool = False, only: bool = False) -> None:
    """Show what runs where, how to log in, and the memory it uses."""
    env = environment.open_environment(workspace)
    states = env.engine.look()
    env = _glanced(env, states)
    found, required = look(env, states), [] if only else stack.recorded(env).status()
    if json:
        output.answer({**found.as_dict(), "requires": required})
        return
    render.status(found, required, output.data)


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
        "verb": f"instead of up: {', '.join(planning.VERBS)}",
        "name": "the scenario, snapshot or state that the verb is about",
        "param": "a parameter of the scenario, NAME=VALUE; can be repeated",
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
) -> None:
    """Show what dev.up or another verb would do, and change nothing."""
    env = environment.open_environment(workspace, port, debug=False)
    states = env.engine.look()
    env = _glanced(env, states)
    live.report_lost(env)
    if verb not in ("", "up"):
        _plan_data(env, states, verb, name, params(param), json)
        return
    steps = plan.decide(plan.observe(env, states), env.config, env.place.services)
    value = {**plan.describe(env, steps), "requires": stack.of(env).describe()}
    if json:
        output.answer(value)
    elif mermaid:
        render.mermaid(value, output.data)
    else:
        render.plan(value, output.data)


def _plan_data(
    env: environment.Environment, states: Mapping[str, State], verb: str, name: str, given: dict[str, str], json: bool
) -> None:
    steps = planning.of(env, states, verb, name, given)
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
    if json:
        output.answer([{key: getattr(each, key) for key in ("code", "ok", "what", "fix")} for each in findings])
    else:
        render.doctor(findings, output.data)
    fixed = remove_caches(findings) if fix else []
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
        confirm(f"Remove {gone} with all data? Its checkout {record.checkout} is gone.", yes)
        orphaned.remove(record)
        finish(f"removed: {gone} with all data", json, known={"service": record.service, "workspace": record.workspace})
        return
    env = environment.open_environment(workspace)
    required = None if only else stack.recorded(env)
    names = ", ".join([env.place.service, *(required.unshared() if required else [])])
    what = f"{names} of workspace {env.place.workspace} with all data"
    confirm(f"Remove {what}?", yes)
    with env.locked("dev.destroy") as there:
        operation.destroy(there, only)
    if required:
        required.destroy()
    finish(f"removed: {what}; to start with fresh data: inv dev.up", json, known=_known(env))


def _known(env: environment.Environment) -> dict[str, Any]:
    """Which service it is about, for --json."""
    return {"service": env.config.service, "workspace": env.place.workspace}
