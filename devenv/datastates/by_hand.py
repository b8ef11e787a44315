"""What a person does in the live database by hand: with dev.dbshell, dev.shell, dev.run."""

from __future__ import annotations

from devenv.context.environment import Environment
from devenv.datastates import live, settling, store


def used(env: Environment, loads: bool = False) -> Environment:
    """`live.used`, for a command that a person runs; returns the environment on the live data.

    `loads`: it may replace the schema, so the next dev.up checks for migrations. Without a server that runs, the
    command cannot write into the database.
    """
    if store.keeps(env):
        env = live.glance(env, env.engine.look())
        if env.seen.survey is None:
            return env
        if settling.unsettled(env):
            settling.settle(env)
    live.used(env)
    if loads and "migrated" in live.known(env):
        live.note(env, migrated="")
    return env
