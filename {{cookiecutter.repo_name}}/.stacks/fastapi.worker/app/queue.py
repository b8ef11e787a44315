# Owner: this service. The template wrote it once and leaves it to you.
"""The queue: `await queue.enqueue("name of a job")`. app/worker.py does the jobs."""

from urllib.parse import quote

from saq import Queue

from app.settings import settings

# Separate connections: a worker waits on them without limit, and the cache's time out after a second.
password = quote(settings.cache_password.get_secret_value(), safe="")
queue = Queue.from_url(f"redis://:{password}@{settings.cache_host}:{settings.cache_port}/{settings.cache_number}")
