# Owner: this service. The template wrote it once and leaves it to you.
"""Alembic runs this file to reach the database. Its settings are in pyproject.toml."""

import asyncio
import logging

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.database import engine
from app.models import Base

# The migrations that run are printed on stderr.
logging.basicConfig(format="%(message)s")
logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)


def number(migrations, _revision, directives) -> None:
    """The number after the newest migration; by default, Alembic uses a random id."""
    for script in directives:
        newest = ScriptDirectory.from_config(migrations.config).get_current_head()
        script.rev_id = f"{int(newest or 0) + 1:04}"


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, process_revision_directives=number)
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
