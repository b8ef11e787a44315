"""Examples of the lines to fill in, for each language and framework. They are never used as findings."""

from __future__ import annotations

from tools.adopt.found import Reading

# By framework; the last one for a language, or for none.
DEVELOP = {
    "django": "python manage.py runserver {bind}:{port}",
    "flask": "flask --app app run --debug --host {bind} --port {port}",
    "fastapi": "uvicorn app.main:app --reload --host {bind} --port {port}",
    "node": "node --watch server.js",
    "python": "python -m app",
}
SERVE = {
    "django": "gunicorn --bind {bind}:{port} config.wsgi",
    "flask": "gunicorn --bind {bind}:{port} app:app",
    "fastapi": "uvicorn app.main:app --host {bind} --port {port}",
    "node": "node server.js",
    "python": "gunicorn --bind {bind}:{port} app:app",
}
TEST = {"django": "python manage.py test", "node": "npm test", "python": "pytest"}
# By migration tool, else by framework or language.
MIGRATE = {
    "django": "python manage.py migrate --noinput",
    "flask-migrate": "flask --app app db upgrade",
    "flask": "flask --app app db upgrade",
    "alembic": "alembic upgrade head",
    "fastapi": "alembic upgrade head",
    "knex": "npx knex migrate:latest",
    "prisma": "npx prisma migrate deploy",
    "node": "npm run migrate",
    "python": "alembic upgrade head",
}
PENDING = {
    "django": "python manage.py migrate --check",
    "flask-migrate": "flask --app app db check",
    "alembic": "alembic current --check-heads",
    "prisma": "npx prisma migrate status",
}
SEED = {"django": "python manage.py loaddata example", "node": "node seeds/run.js", "python": "python -m seeds"}
INSTALL = {"node": "npm ci --no-audit --no-fund", "python": "uv pip install -r requirements.txt"}


def language(reading: Reading) -> str:
    """The language; Python if none was found, since the template's files are for Python then."""
    return reading.language.value if reading.language and reading.language.value in INSTALL else "python"


def of(table: dict[str, str], reading: Reading) -> str:
    """The best line of a table: the migration tool's, the framework's, or the language's."""
    tool = reading.migrations.value if reading.migrations and table in (MIGRATE, PENDING) else ""
    framework = reading.application.framework.value if reading.application else ""
    return next((table[name] for name in (tool, framework, language(reading)) if name in table), "")
