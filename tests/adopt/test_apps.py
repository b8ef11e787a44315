"""Applications that nobody here wrote, of several frameworks and ages: what is read, and that nothing is harmed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

from . import apps
from .apps import App
from .conftest import Source, listed
from .test_retrofit import assert_nothing_is_harmed, retrofit

# What the report has to say of each, as `name  value`; and how many places are left to its owner.
CASES: list[tuple[App, dict[str, str], int]] = [
    (
        apps.HTTPBIN,
        {"framework": "flask", "version": "3.8", "serve": "gunicorn httpbin.core:app --bind {bind}:{port}"},
        0,
    ),
    (
        apps.FRACTAL,
        {
            "framework": "fastapi",
            "database": "postgres",
            "database host": "POSTGRES_HOST",
            "database name": "POSTGRES_DB",
            "migrate": "alembic -c fractal_server/alembic.ini upgrade head",
            "develop": "uvicorn fractal_server.main:app --reload --host {bind} --port {port}",
        },
        1,
    ),
    (
        apps.FITTRACKEE,
        {
            "framework": "flask",
            "packages by": "poetry",
            "database url": "DATABASE_URL",
            "cache url": "REDIS_URL",
            "port": "5000",
            "migrations": "flask-migrate",
        },
        0,
    ),
    (
        apps.PRETALX,
        {
            "framework": "django",
            "database password": "PRETALX_DB_PASS",
            "migrate": "python -m pretalx migrate --noinput",
            "worker": "celery -A pretalx.celery_app:app worker",
        },
        2,
    ),
    (apps.FLASKBB, {"packages by": "uv", "version": "3.12", "database": "sqlite", "test": "pytest"}, 3),
    (
        apps.QUETZ,
        {"framework": "fastapi", "database url": "QUETZ_SQLALCHEMY_DATABASE_URL", "migrate": "alembic upgrade head"},
        1,
    ),
    (apps.ISSO, {"version": "3.12", "port": "8080", "test": "pytest"}, 2),
    (apps.KINTO, {"framework": "pyramid", "packages by": "uv", "database": "postgres", "port": "8888"}, 3),
    (apps.WGER, {"framework": "django", "database host": "DJANGO_DB_HOST", "packages by": "pip"}, 4),
    (apps.DPASTE, {"framework": "django", "database url": "DATABASE_URL", "version": "3.6"}, 4),
    (
        apps.MONGO_EXPRESS,
        {"framework": "express", "language": "node", "version": "18", "port": "8081", "serve": "node app.js"},
        2,
    ),
    (
        apps.UNLEASH,
        {
            "framework": "express",
            "migrations": "db-migrate",
            "database host": "DATABASE_HOST",
            "database user": "DATABASE_USERNAME",
            "reads port": "HTTP_PORT",
        },
        2,
    ),
]


# Each framework, each age, and names that are taken; the others take as long, and say little more.
OFTEN = (apps.HTTPBIN, apps.FRACTAL, apps.FITTRACKEE, apps.DPASTE, apps.MONGO_EXPRESS)


def told(report: str) -> dict[str, str]:
    """The report's facts, by name."""
    found = report.partition("Found\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^  (\S+(?: \S+)*?)\s{2,}(.*?)\s+\(.*\)$", found, re.M))


@pytest.mark.parametrize(
    ("app", "expected", "left"),
    [pytest.param(*case, id=case[0].name, marks=[] if case[0] in OFTEN else pytest.mark.slow) for case in CASES],
)
def test_application_is_read(history: Path, source: Source, app: App, expected: dict[str, str], left: int) -> None:
    repo = source(app)
    report = assert_nothing_is_harmed(history, repo)
    found = told(report)
    assert {name: found.get(name) for name in expected} == expected
    assert len(listed(report)) <= left, report
    retrofit(history, repo)
    argv = [sys.executable, str(REPO / "tests/contract/check.py"), str(repo), "--static", "--level", "core"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
