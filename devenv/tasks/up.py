"""The task up. It is apart from the others since people run it whenever they are not sure: it imports what it needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from invoke.tasks import task

from devenv.base import output, toolcache
from devenv.base.errors import MISSING, UNHEALTHY, DevError, of_system
from devenv.context import environment
from devenv.lifecycle import up as operation
from devenv.lifecycle.status import status as look
from devenv.model import requirements
from devenv.readers import report
from devenv.required import stack, trust
from devenv.tasks import render
from devenv.tasks.common import JSON, ONLY, PORT, WORKSPACE, YES

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
    start = time.monotonic()
    under = debug or (None if only else False)  # a root that drives this service keeps its debugger
    with _examined(), _for_up(only, workspace, port, under, yes) as env:
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
def _for_up(
    only: bool, workspace: str, port: int, debug: bool | None, trusted: bool
) -> Iterator[environment.Environment]:
    """The environment under the lock. What the service requires is started before, without it."""
    if only or not requirements.of(environment.open_config().source):
        with environment.opened("dev.up", workspace, port, allocate=True, debug=debug) as env:
            yield env
        return
    trust.everyone = trusted
    env = environment.open_environment(workspace, port, allocate=True, debug=debug)
    with stack.brought_up(env) as told, told.locked("dev.up") as there:
        yield there
