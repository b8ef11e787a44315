# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" %}
import asyncio
import hashlib
{% endif %}
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
import os
{% endif %}
from collections.abc import AsyncIterator
{% if cookiecutter.database != "none" %}
from contextlib import suppress
from pathlib import Path
{% endif %}

import pytest
{% if cookiecutter.database != "none" %}
from alembic import command, config
{% endif %}
from httpx import ASGITransport, AsyncClient
{% if cookiecutter.database != "none" %}
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
{% endif %}
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}

# Before the first import from the app, which reads them: tests use separate data, so development's rows stay.
{% if cookiecutter.database != "none" %}
os.environ["DB_NAME"] = "test_" + os.environ["DB_NAME"]
{% endif %}
{% if cookiecutter.cache != "none" %}
os.environ["CACHE_NUMBER"] = "1"
{% endif %}

from app import {{ "cache, " if cookiecutter.cache != "none" }}{{ "database, " if cookiecutter.database != "none" }}main{{ ", queue" if cookiecutter.worker != "none" }}
{% if cookiecutter.database != "none" %}
from app.models import Base
{% endif %}
{% else %}

from app import main
{% endif %}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(main.app), base_url="http://localhost") as client:
        yield client
{% if cookiecutter.database != "none" %}


@pytest.fixture(scope="session", autouse=True)
def test_database(request: pytest.FixtureRequest) -> None:
    """Kept between runs. It is created again after a migration or the server has changed, and with --cache-clear."""
    known = hashlib.sha256(str(database.URL_OF_DATABASE).encode())
    for file in sorted(Path("migrations").rglob("*.py")):
        known.update(file.read_bytes())
    kept, key = request.config.cache, known.hexdigest()
    assert kept
    changed = kept.get("migrations", "") != key
    kept.set("migrations", "")  # while it is created: it is incomplete if this run is killed
    asyncio.run(create_database(changed))
    command.upgrade(config.Config(toml_file="pyproject.toml"), "head")
    kept.set("migrations", key)


async def create_database(again: bool) -> None:
    url = database.URL_OF_DATABASE.set(database=os.environ["DB_NAME"].removeprefix("test_"))
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")  # Postgres does not allow a transaction here
    async with engine.connect() as connection:
        name = engine.dialect.identifier_preparer.quote(os.environ["DB_NAME"])
        if again:
            await connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        with suppress(DBAPIError):  # it exists; any other reason is that of the migrations, too
            await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()


@pytest.fixture(autouse=True)
async def empty_tables(anyio_backend: str) -> AsyncIterator[None]:
    async with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(table.delete())
    await database.engine.dispose()  # its connections belong to this event loop, and a test may use another one
    yield
    await database.engine.dispose()


@pytest.fixture
async def session() -> AsyncIterator[AsyncSession]:
    async with database.open_session() as session:
        yield session
{% endif %}
{% if cookiecutter.cache != "none" %}


@pytest.fixture(autouse=True)
async def empty_cache(anyio_backend: str) -> AsyncIterator[None]:
    await cache.client.flushdb()
    yield
    await cache.client.aclose()  # its connections belong to this test's event loop
{% if cookiecutter.worker != "none" %}
    await queue.queue.disconnect()
{% endif %}
{% endif %}
