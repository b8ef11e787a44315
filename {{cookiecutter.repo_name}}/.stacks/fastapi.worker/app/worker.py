# Owner: this service. The template wrote it once and leaves it to you.
"""The jobs. `saq app.worker.settings` runs this; the service `worker` of compose.yaml."""

import json

from saq.types import Context

from app import cache
from app.courses import courses_with_learners
{% if cookiecutter.database != "none" %}
from app.database import engine, open_session
{% endif %}
from app.queue import queue

A_DAY = 24 * 60 * 60  # seconds


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


async def close(_context: Context) -> None:
    await cache.client.aclose()
{% if cookiecutter.database != "none" %}
    await engine.dispose()
{% endif %}


# A stop or a reload cancels running jobs, which go back to the queue. With shutdown_grace_period_s they could finish
# first, but then each stop would take that long.
settings = {"queue": queue, "functions": [report], "shutdown": close}
