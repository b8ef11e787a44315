# Owner: this service. The template wrote it once and leaves it to you.
"""The queue. `celery --app config worker` runs its jobs."""

import os
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("{{ cookiecutter.service }}")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")


class Heartbeat(bootsteps.StartStopStep):
    """Touches the file that the worker's healthcheck looks at, while the worker is connected and takes jobs.

    To ask the worker instead, `celery inspect ping` would load this whole service for each check.
    """

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.file = Path(settings.HEARTBEAT)

    def include_if(self, consumer: Any) -> bool:
        return bool(settings.HEARTBEAT)

    def start(self, consumer: Any) -> None:
        self.file.touch()
        # The timer stops with the loop in which the worker takes jobs.
        self.beat = consumer.timer.call_repeatedly(20, self.file.touch)

    def stop(self, consumer: Any) -> None:
        self.beat.cancel()
        self.file.unlink(missing_ok=True)


app.steps["consumer"].add(Heartbeat)
