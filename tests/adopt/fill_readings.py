"""What a reader would find in services of the usual kinds, and in one that says next to nothing."""

from __future__ import annotations

from tools.adopt.found import Application, Commands, Dependencies, Found, Reading, Store


def found(value: str, where: str) -> Found:
    return Found(value, where)


DJANGO = Reading(
    service=found("shop", "manage.py"),
    language=found("python", "requirements.txt"),
    version=found("3.13", ".python-version:1"),
    dependencies=Dependencies(found("pip", "requirements.txt"), ("requirements.txt", "requirements-dev.txt"), False),
    application=Application(
        found("django", "requirements.txt:1"),
        found("config.wsgi", "config/settings.py:70"),
        found("python manage.py", "manage.py"),
    ),
    migrations=found("django", "manage.py"),
    migration_files=("**/migrations/*.py",),
    commands=Commands(
        develop=found("python manage.py runserver {bind}:{port}", "manage.py"),
        serve=found("gunicorn --bind {bind}:{port} config.wsgi", "Procfile:1"),
        test=found("pytest", "Makefile:7"),
        migrate=found("python manage.py migrate --noinput", "manage.py"),
        pending=found("python manage.py migrate --check", "manage.py"),
    ),
    database=Store(
        found("postgres", "config/settings.py:80"),
        found("postgres:15-alpine", "docker-compose.yml:9"),
        {
            "host": found("POSTGRES_HOST", "config/settings.py:84"),
            "port": found("POSTGRES_PORT", "config/settings.py:85"),
            "name": found("POSTGRES_DB", "config/settings.py:81"),
            "user": found("POSTGRES_USER", "config/settings.py:82"),
            "password": found("POSTGRES_PASSWORD", "config/settings.py:83"),
        },
    ),
    port=found("8000", "docker-compose.yml:20"),
    environment={"SECRET_KEY": found("not$so:secret", ".env.example:1"), "DEBUG": found("1", ".env.example:2")},
    packages=(found("libpq5", "Dockerfile:4"), found("gettext", "Dockerfile:4")),
    notes=(found("makefile target `test`", "Makefile:6"),),
)

FLASK = Reading(
    service=found("note-book", "pyproject.toml:2"),
    language=found("python", "pyproject.toml"),
    version=found("3.11", "pyproject.toml:9"),
    dependencies=Dependencies(found("poetry", "poetry.lock"), ("pyproject.toml", "poetry.lock"), True),
    application=Application(found("flask", "pyproject.toml:11"), found("notebook:create_app()", "wsgi.py:3")),
    migrations=found("flask-migrate", "pyproject.toml:12"),
    migration_files=("migrations/versions/*.py",),
    commands=Commands(
        develop=found("flask --app 'notebook:create_app()' run --debug --host {bind} --port {port}", "wsgi.py:3"),
        test=found("pytest", "pyproject.toml:20"),
        migrate=found("flask --app 'notebook:create_app()' db upgrade", "pyproject.toml:12"),
    ),
    database=Store(found("sqlite", "notebook/config.py:4")),
    health=found("/ping", "notebook/views.py:9"),
)

FASTAPI = Reading(
    service=found("orders", "pyproject.toml:2"),
    language=found("python", "pyproject.toml"),
    version=found("3.12", "pyproject.toml:4"),
    dependencies=Dependencies(found("uv", "uv.lock"), ("pyproject.toml", "uv.lock"), True),
    application=Application(found("fastapi", "pyproject.toml:6"), found("orders.main:app", "src/orders/main.py:5")),
    migrations=found("alembic", "alembic.ini"),
    migration_files=("alembic/versions/*.py",),
    commands=Commands(
        develop=found("uvicorn orders.main:app --reload --host {bind} --port {port}", "src/orders/main.py:5"),
        serve=found("uvicorn orders.main:app --host {bind} --port {port}", "pyproject.toml:7"),
        test=found("pytest", "pyproject.toml:30"),
        migrate=found("alembic upgrade head", "alembic.ini"),
        pending=found("alembic current --check-heads", "alembic.ini"),
        worker=found("celery --app orders.jobs worker", "Procfile:2"),
    ),
    database=Store(
        found("postgres", "src/orders/db.py:3"),
        variables={"url": found("DATABASE_URL", "src/orders/db.py:4")},
        scheme="postgresql+psycopg",
    ),
    cache=Store(found("redis", "src/orders/jobs.py:2"), variables={"url": found("REDIS_URL", "src/orders/jobs.py:3")}),
    reads_port=found("HTTP_PORT", "src/orders/main.py:20"),
    reads_host=found("HTTP_HOST", "src/orders/main.py:21"),
    health=found("/health", "src/orders/main.py:9"),
)

EXPRESS = Reading(
    service=found("cart", "package.json:2"),
    language=found("node", "package.json"),
    version=found("18", "package.json:5"),
    dependencies=Dependencies(found("npm", "package-lock.json"), ("package.json", "package-lock.json"), True),
    application=Application(found("express", "package.json:9"), found("src/server.js", "package.json:7")),
    migrations=found("knex", "knexfile.js"),
    migration_files=("migrations/*.js",),
    commands=Commands(
        develop=found("npx nodemon src/server.js", "package.json:12"),
        serve=found("node src/server.js", "package.json:7"),
        test=found("npm test", "package.json:13"),
        migrate=found("npx knex migrate:latest", "knexfile.js"),
        seed=found("npx knex seed:run", "package.json:14"),
    ),
    database=Store(
        found("mysql", "knexfile.js:3"),
        found("mysql", "docker-compose.yml:4"),
        {"host": found("DB_HOST", "knexfile.js:5"), "user": found("DB_USER", "knexfile.js:6")},
        constants={"DB_CLIENT": found("mysql2", ".env.example:3")},
    ),
    port=found("80", "Dockerfile:9"),
    reads_port=found("PORT", "src/server.js:4"),
)

# What an unfinished application of the usual kind leaves open.
BARE_DJANGO = Reading(
    service=found("shop", "manage.py"),
    language=found("python", "requirements.txt"),
    dependencies=Dependencies(found("pip", "requirements.txt"), ("requirements.txt",), False),
    application=Application(found("django", "requirements.txt:1"), manage=found("python manage.py", "manage.py")),
    migrations=found("django", "manage.py"),
    commands=Commands(develop=found("python manage.py runserver {bind}:{port}", "manage.py")),
    database=Store(found("postgres", "requirements.txt:2")),
)

NOTHING = Reading(service=found("thing", "the folder's name"))

COMMON = {"django": DJANGO, "flask": FLASK, "fastapi": FASTAPI, "express": EXPRESS}
ALL = {**COMMON, "bare-django": BARE_DJANGO, "nothing": NOTHING}
