"""Whether others run or use a service. One rule for every command that changes something."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence

from devenv.base import records
from devenv.base.errors import CONFLICT, DevError
from devenv.context import workspace
from devenv.context.environment import Environment
from devenv.engines.interface import State


def check(env: Environment, states: Mapping[str, State]) -> None:
    """DevError 113 if another checkout runs this service in this workspace. One that is gone cannot object."""
    root, running = os.path.realpath(env.place.root), [state for state in states.values() if state.running]
    # The engine may know of one that our records do not: another owner's, under a name of an earlier release.
    others = {env.record.checkout, *(os.path.realpath(s.checkout) for s in running if s.checkout)} - {"", root}
    other = next((each for each in sorted(others) if not workspace.is_gone(each)), "")
    if running and other:
        here = env.place.workspace
        raise DevError(
            CONFLICT,
            f"{env.config.service} already runs in workspace {here}, from {other}",
            f"to run both, each with its own data and port: inv dev.up --workspace {workspace.another(here)}",
            f"to run this one instead: make -C {shlex.quote(other)} dev.down",
        )


def users(record: records.Record, own: str) -> list[str]:
    """The repositories but `own` that use a service. One that is gone uses nothing."""
    return [user for user in record.users if user != own and not workspace.is_gone(user)]


def used(name: str, users: Sequence[str]) -> DevError:
    """The error for removing what these repositories use."""
    hints = (f"make -C {shlex.quote(user)} dev.down" for user in users)
    return DevError(CONFLICT, f"{name} is used by {', '.join(users)}", *hints)
