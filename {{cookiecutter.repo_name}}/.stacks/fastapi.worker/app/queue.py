# Owner: this service. The template wrote it once and leaves it to you.
"""The queue: `await queue.enqueue("name of a job")`. app/worker.py does the jobs."""

from saq import Queue

from app.settings import settings

# Connections of its own: a worker waits on them for as long as it takes, and the cache's give up after a second.
queue = Queue.from_url(f"redis://{settings.cache_host}:{settings.cache_port}/{settings.cache_number}")
# All that the healthcheck needs, which runs again and again: app.worker would load the database, too.
health = {"queue": queue}
