# Owner: this service. The template wrote it once and leaves it to you.
"""The queue. `celery --app config worker` runs its jobs."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("{{ cookiecutter.service }}")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
