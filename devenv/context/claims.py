"""Whether another checkout runs this service. One rule for every command that changes something."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from devenv.base.errors import CONFLICT, DevError
from devenv.context import workspace
from devenv.context.environment import Environment
from devenv.engines.interface import State


def check(env: Environment, states: Mapping[str, State]) -> None:
    """DevError 113 if another checkout runs this service in this workspace. One that is gone cannot object."""
    root, running = str(env.place.root), [state for state in states.values() if state.running]
    # The engine may know of one that our records do not: another owner's, under a name of an earlier release.
    others = {env.record.checkout, *(state.checkout for state in running)} - {"", root}
    other = next((each for each in sorted(others) if not workspace.is_gone(each)), "")
    if running and other:
        here = env.place.workspace
        raise DevError(
            CONFLICT,
            f"{env.config.service} already runs in workspace {here}, from {other}",
            f"to run both, each with its own data and port: inv dev.up --workspace {workspace.another(here)}",
            f"to run this one instead: make -C {shlex.quote(other)} dev.down",
        )
