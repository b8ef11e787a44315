"""Production's schema, and whether this branch fits it."""

from __future__ import annotations

import os
from typing import Any

from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import USAGE, DevError
from devenv.context import environment
from devenv.datastates import live
from devenv.tasks.common import JSON, WORKSPACE

ACTIONS = ("dump", "check")


@task(
    positional=["action"],
    help={
        **WORKSPACE,
        **JSON,
        "action": "dump: write schema.sql; check: compare this branch's migrations with it",
        "from": "dump: a database elsewhere, postgresql://user:password@host/name; without it, the one here",
    },
)
def schema(c: Any, action: str, from_: str = "", json: bool = False, workspace: str = "") -> None:
    """Keep production's schema in schema.sql, and check that this branch's migrations lead to the same one."""
    if action not in ACTIONS:
        raise DevError(USAGE, f"there is no dev.schema {action}", f"allowed: {', '.join(ACTIONS)}")
    if (action == "check" and from_) or (action == "dump" and json):
        flag = "--from" if from_ else "--json"
        raise DevError(USAGE, f"dev.schema {action} takes no {flag}", "inv dev.schema --help")
    env = environment.open_environment(workspace)
    if not env.database:
        output.say(f"nothing to {action}: {env.config.compose} declares no database that we know")
        return
    from devenv.datastates import drift as operation  # here: all other verbs start without it

    with env.locked("dev.schema"):
        live.ready(env)
        if action == "dump":
            operation.dump(env, from_, os.environ)
            output.data(operation.FILE)
            return
        found = operation.check(env)
    if json:
        output.answer(found.json())
    else:
        for line in found.words():
            output.data(line)
    if found.drift:
        raise found.error()
    output.say("production's schema with the pending migrations equals a fresh migration")
