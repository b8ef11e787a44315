# Owner: this service. The template wrote it once and leaves it to you.
"""The jobs. `saq app.worker.settings` runs this; the service `worker` of compose.yaml."""

import asyncio
import json
import logging
from pathlib import Path

from saq.types import Context

from app import cache
from app.courses import courses_with_learners
{% if cookiecutter.database != "none" %}
from app.database import engine, open_session
{% endif %}
from app.queue import queue
from app.settings import settings as environment

A_DAY = 24 * 60 * 60  # seconds
BEAT = 20  # seconds
AGAIN = 1  # second after a failure, or a start at which the queue is late would take 20 seconds more

logger = logging.getLogger(__name__)


async def report(_context: Context) -> None:
{% if cookiecutter.database != "none" %}
    """Learners in each course."""
    async with open_session() as session:
        found = {"learners": {course.code: course.learner_count for course in await courses_with_learners(session)}}
{% else %}
    """The number of courses."""
    found = {"courses": len(await courses_with_learners())}
{% endif %}
    await cache.client.set("report", json.dumps(found), ex=A_DAY)


async def beat(file: Path) -> None:
    """Touch the file that the worker's healthcheck looks at, while the worker runs and the queue answers."""
    while True:
        pause = BEAT
        try:
            await asyncio.wait_for(queue.count("queued"), 5)
            file.touch()
        except Exception as error:
            logger.error("the queue does not answer: %r", error)
            file.unlink(missing_ok=True)
            pause = AGAIN
        await asyncio.sleep(pause)


async def start(context: Context) -> None:
    if environment.heartbeat:
        context["beat"] = asyncio.create_task(beat(environment.heartbeat))


async def close(context: Context) -> None:
    if environment.heartbeat:
        context["beat"].cancel()
        environment.heartbeat.unlink(missing_ok=True)
    await cache.client.aclose()
{% if cookiecutter.database != "none" %}
    await engine.dispose()
{% endif %}


# A stop or a reload cancels running jobs, which go back to the queue. With shutdown_grace_period_s they could finish
# first, but then each stop would take that long.
settings = {"queue": queue, "functions": [report], "startup": start, "shutdown": close}
