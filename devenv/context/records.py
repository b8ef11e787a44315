"""Changes to the record of a service, ours or another's, between two commands that hold its lock."""

from __future__ import annotations

from collections.abc import Callable

from devenv.base import locks, state


def change(workspace: str, service: str, command: str, edit: Callable[[state.Record], None]) -> state.Record:
    """Read, change and write a record while nobody else does; returns it as written."""
    with locks.held(state.path(workspace, service, "lock"), command, alone=True):
        record = state.read(workspace, service)
        edit(record)
        state.write(record)
    return record
