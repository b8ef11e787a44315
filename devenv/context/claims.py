"""Whether another checkout runs this service. One rule for every command that changes something."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from devenv.base.errors import CONFLICT, DevError
from devenv.context import workspace
from devenv.context.environment import Environment
from devenv.engines.interface import State


def check(env: Environment, states: Mapping[str, State]) -> None:
    """DevError 113 if another checkout runs this service in this workspace. One that is gone cannot object."""
    other = env.record.checkout
    running = any(state.running for state in states.values())
    if running and other and other != str(env.place.root) and os.path.isdir(other):
        here = env.place.workspace
        raise DevError(
            CONFLICT,
            f"{env.config.service} already runs in workspace {here}, from {other}",
            f"to run both, each with its own data and port: inv dev.up --workspace {workspace.another(here)}",
            f"to run this one instead: make -C {shlex.quote(other)} dev.down",
        )
