# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
import asyncio

import pytest
{% endif %}
from httpx import AsyncClient
{% if cookiecutter.database != "none" %}
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import database
{% endif %}


async def test_healthy(client: AsyncClient) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}


@pytest.mark.parametrize(
    "name",
    [
{% if cookiecutter.database != "none" %}
        "database",
{% endif %}
{% if cookiecutter.cache != "none" %}
        "cache",
{% endif %}
    ],
)
async def test_503_without_it(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    async def gone() -> None:
        raise OSError("no route to secret.example.org")

    monkeypatch.setattr(f"app.{name}.ping", gone)
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()[name]) == (503, "unreachable")
    assert "secret" not in answer.text
    assert "no route to secret.example.org" in caplog.text


async def test_503_when_it_takes_too_long(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.health.TIMEOUT", 0.01)
    monkeypatch.setattr("app.{{ "database" if cookiecutter.database != "none" else "cache" }}.ping", lambda: asyncio.sleep(1))
    assert (await client.get("/health")).status_code == 503
{% endif %}
{% if cookiecutter.database != "none" %}


async def test_dead_connection_is_replaced(client: AsyncClient) -> None:
    with pytest.raises(DBAPIError):
        async with database.engine.connect() as connection:
{% if cookiecutter.database == "postgres" %}
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
{% else %}
            await connection.execute(text("KILL CONNECTION_ID()"))
{% endif %}
    assert (await client.get("/health")).status_code == 200
{% endif %}
