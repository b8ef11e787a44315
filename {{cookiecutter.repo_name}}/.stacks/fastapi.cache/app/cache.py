# Owner: this service. The template wrote it once and leaves it to you.
"""The cache. Its content may disappear at any time. Every entry expires (`ex`)."""

import logging
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.settings import settings

SECONDS = 5  # the maximum age of what `remember` returns

logger = logging.getLogger(__name__)
client = Redis(
    host=settings.cache_host,
    port=settings.cache_port,
    password=settings.cache_password.get_secret_value() or None,
    db=settings.cache_number,
    decode_responses=True,
    socket_connect_timeout=1,
    socket_timeout=1,
    # One retry at once: a dead connection is replaced. By default, redis waits ten seconds for a dead server.
    retry=Retry(NoBackoff(), 1),
)


async def remember(key: str, make: Callable[[], Awaitable[str]]) -> str:
    """The value that was made for the key a few seconds ago, else a new one; without a cache, always a new one."""
    try:
        kept = await client.get(key)
        if kept is None:
            kept = await make()
            await client.set(key, kept, ex=SECONDS)
    except RedisError as error:
        logger.warning("the cache does not answer: %r", error)
        return await make()
    return kept


async def ping() -> None:
    await client.ping()
