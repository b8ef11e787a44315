# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response, status

from app import {{ "cache, database" if cookiecutter.database != "none" and cookiecutter.cache != "none" else "database" if cookiecutter.cache == "none" else "cache" }}

TIMEOUT = 2  # seconds for each

logger = logging.getLogger(__name__)
router = APIRouter()


@router.get("/health")
async def health(response: Response) -> dict[str, str]:
    """200 if everything that the service needs answers, else 503."""
    found = {
{% if cookiecutter.database != "none" %}
        "database": await ask("database", database.ping),
{% endif %}
{% if cookiecutter.cache != "none" %}
        "cache": await ask("cache", cache.ping),
{% endif %}
    }
    healthy = all(answer == "ok" for answer in found.values())
    if not healthy:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return {"status": "ok" if healthy else "error", **found}


async def ask(name: str, ping: Callable[[], Awaitable[None]]) -> str:
    try:
        await asyncio.wait_for(ping(), TIMEOUT)
    except Exception as error:  # each driver has its own exceptions
        # The reason goes to the log, since the page is public.
        logger.error("the %s does not answer: %r", name, error)
        return "unreachable"
    return "ok"
{% else %}
from fastapi import APIRouter

router = APIRouter()


@router.get("/health")
async def health() -> dict[str, str]:
    """200 if everything that the service needs answers, else 503. It does not need other services yet."""
    return {"status": "ok"}
{% endif %}
