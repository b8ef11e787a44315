"""A database server that was cut off while its image created the first files.

Such a server may not start, or start without the login of the app. It begins again if that costs no row: nothing was
noted of its data yet, and its files have no table of a person, of the app or of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from devenv.base import events
from devenv.context.environment import Environment


def clear(env: Environment, services: Sequence[str]) -> None:
    """Remove half a server's files before it is started. All other files stay."""
    database = env.database
    if not database or not database.clearing or database.service not in services or env.record.known(env.engine.name):
        return
    state = env.engine.look().get(database.service)
    if (state and state.running) or not env.engine.may_hold(database.service):
        return
    if env.engine.alone(database.service, database.clearing).code == 0:
        events.warn(f"{database.service} was cut off while it created its files: it begins again, there is no row yet")
