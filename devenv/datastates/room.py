"""Room on a full disk, on which the database's server may not even start."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress

from devenv.base import events, output, records, toolcache
from devenv.base.errors import UNHEALTHY, DevError
from devenv.context.environment import Environment
from devenv.databases.states import State
from devenv.datastates import dumps, live


def ready(env: Environment, gone: Sequence[State]) -> Environment:
    """`live.ready` for the command that makes room.

    If the server does not start, this first removes what needs no server: the dumps of `gone`, logs, and files that can
    be made again. DevError 112 if it still does not start.
    """
    try:
        return live.ready(env)
    except (DevError, OSError) as error:
        if isinstance(error, DevError) and error.code != UNHEALTHY:
            raise
        reason = str(error).splitlines()[0]
    events.note(f"the database does not start: {reason}")
    freed = _free(env, gone)
    events.note(f"freed {output.mebibytes(freed)} without it: dumps, logs, and what can be made again")
    try:
        return live.ready(env)
    except (DevError, OSError) as error:
        raise _stuck(env, str(error).splitlines()[0]) from None


def _free(env: Environment, gone: Sequence[State]) -> int:
    """Remove it; returns how many more bytes are free."""
    before = shutil.disk_usage(records.home()).free
    dumps.clean(env)
    for stored in gone:
        dumps.remove(env, stored)
    env.engine.spare()
    with suppress(OSError):
        toolcache.collect()
    return max(0, shutil.disk_usage(records.home()).free - before)


def _stuck(env: Environment, reason: str) -> DevError:
    known = env.record.known(env.engine.name).get("stored")
    stored = ", ".join(map(str, known)) if isinstance(known, list) and known else "none that is known"
    message = f"{env.config.service}: the database still does not start, so its stored states stay ({stored}): {reason}"
    hints = (f"df -h {records.home()}", "remove other files from that disk, then: inv dev.state prune")
    return DevError(UNHEALTHY, message, *hints)
