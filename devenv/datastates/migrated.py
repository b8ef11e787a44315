"""What a migration must leave: a table in the declared database."""

from __future__ import annotations

from devenv.base.errors import UNHEALTHY, DevError
from devenv.context.environment import Environment
from devenv.datastates import store


def check(env: Environment) -> None:
    """DevError 112 if the database has no table after migrating: the command wrote into another one, or into a file.

    Each migration tool leaves at least the table with its own records. A command that is there to do nothing is meant.
    """
    command = env.config.commands.get("migrate", ())
    if not env.database or not store.keeps(env) or command[:1] in ((), ("true",)):
        return
    if env.database.is_empty(env.engine):
        message = f"commands.migrate ended with 0, but the database {env.database.name} has no table"
        which = "the settings that it runs with name another database, or a file: set the variable that chooses them"
        hints = (f"{which}, such as DJANGO_SETTINGS_MODULE", "to see what the app gets: inv dev.run -- env")
        source = env.config.source
        raise DevError(UNHEALTHY, f"{source.path.name}:{source.line('commands', 'migrate')}: {message}", *hints)
