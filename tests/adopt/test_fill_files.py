"""The files that an owner gets: what they say, and where that was found."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.adopt.fill_readings import ALL, BARE_DJANGO, COMMON, DJANGO, EXPRESS, FASTAPI, FLASK, NOTHING, found
from tools.adopt.fill.answers import answers
from tools.adopt.fill.files import files
from tools.adopt.fill.points import OpenPoint, open_points
from tools.adopt.found import Commands, Dependencies, Reading, Store
from tools.adopt.names import Names

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
SCHEMA = json.loads((ROOT / "{{cookiecutter.repo_name}}" / ".dev" / "schema.json").read_text())
CACHE = "redis://:${CACHE_PASSWORD:-}@${CACHE_HOST:-cache}:${CACHE_PORT:-6379}"
BESIDE = Names("compose.devenv.yaml", "Dockerfile.devenv", "Dockerfile.devenv.dockerignore")


class Loader(yaml.SafeLoader):
    """YAML as Compose has it."""


Loader.add_constructor("!reset", lambda loader, node: None)


def fill(reading: Reading, names: Names | None = None) -> dict[str, str]:
    return files(reading, answers(reading), names or Names(), TEMPLATES)


def dev(reading: Reading) -> dict[str, Any]:
    return dict(yaml.safe_load(fill(reading)["dev.yaml"]))


def services(reading: Reading, name: str = "compose.yaml") -> dict[str, Any]:
    return dict(yaml.load(fill(reading)[name], Loader)["services"])


def line(text: str, start: str) -> str:
    return next(line.strip() for line in text.splitlines() if line.strip().startswith(start))


@pytest.fixture(params=ALL, ids=str)
def reading(request: pytest.FixtureRequest) -> Reading:
    return ALL[request.param]


def test_dev_yaml_keeps_its_schema(reading: Reading) -> None:
    jsonschema.validate(dev(reading), SCHEMA)


def test_compose_files_are_yaml_with_the_same_services(reading: Reading) -> None:
    own = {name for name, service in services(reading).items() if "build" in service}
    assert set(services(reading, "compose.lean.yaml")) == own


def test_the_dockerfile_is_short_and_no_line_is_left_blank_twice(reading: Reading) -> None:
    text = fill(reading)["Dockerfile"]
    assert len(text.splitlines()) <= 60
    assert "\n\n\n" not in text


def test_each_file_is_the_owners_and_ends_with_one_line_end(reading: Reading) -> None:
    for name, text in fill(reading).items():
        assert "# Owner: this service." in "".join(text.splitlines(keepends=True)[:3]), name
        assert text.endswith("\n"), name
        assert not text.endswith("\n\n"), name


def test_each_example_would_be_read_as_it_stands(reading: Reading) -> None:
    """An owner who takes every example has files that are whole."""
    text = fill(reading)
    for point in open_points(text):
        lines = text[point.file].splitlines()
        lines[point.line] = lines[point.line].replace("# ", "", 1)
        text[point.file] = "\n".join(lines) + "\n"
    jsonschema.validate(yaml.safe_load(text["dev.yaml"]), SCHEMA)
    assert yaml.safe_load(text["compose.yaml"])["services"]["app"]["command"]


# ---- dev.yaml


def test_each_command_says_where_it_was_found() -> None:
    text = fill(DJANGO)["dev.yaml"]
    assert line(text, "migrate:") == "migrate: python manage.py migrate --noinput # manage.py"
    assert line(text, "test:") == "test: pytest # Makefile:7"
    assert line(text, "service:") == "service: shop # manage.py"
    assert line(text, "port:").endswith("; docker-compose.yml:20")


def test_a_name_and_a_port_that_could_not_stay_are_reported() -> None:
    asked = files(FLASK, answers(FLASK, service="notes"), Names(), TEMPLATES)
    assert line(asked["dev.yaml"], "service:") == "service: notes # pyproject.toml:2: note-book"
    assert line(fill(EXPRESS)["dev.yaml"], "port:").endswith("; Dockerfile:9 has 80")


def test_the_state_is_migrations_and_locks() -> None:
    assert dev(FASTAPI)["state"] == ["alembic/versions/*.py", "uv.lock"]
    assert dev(DJANGO)["state"] == ["**/migrations/*.py", "requirements.txt", "requirements-dev.txt"]


@pytest.mark.parametrize(
    ("where", "patterns"),
    [
        ("shop/management/commands/load_demo.py", ["shop/management/commands/load_demo.py"]),
        ("shop/cli.py:12", ["shop/cli.py"]),
        ("shop/fixtures/initial.json", ["shop/fixtures/**"]),
        ("fixtures/initial.json", ["fixtures/**"]),
        ("db/seeds/01_users.js", ["db/seeds/**"]),
        ("package.json:14", []),
    ],
)
def test_the_state_has_the_seed_too(where: str, patterns: list[str]) -> None:
    reading = replace(DJANGO, commands=replace(DJANGO.commands, seed=found("python manage.py x", where)))
    assert dev(reading)["state"] == ["**/migrations/*.py", *patterns, "requirements.txt", "requirements-dev.txt"]


def test_sqlite_has_migrations_and_data_too() -> None:
    assert {"state", "scenarios", "commands"} <= set(dev(FLASK))
    assert "migrate" in dev(FLASK)["commands"]


def test_a_seed_that_tells_nothing_ends_with_an_object() -> None:
    assert dev(EXPRESS)["scenarios"]["default"]["run"] == "sh -c 'npx knex seed:run >&2 && echo {}'"
    assert dev(EXPRESS)["scenarios"]["default"]["once"] is True


def test_a_command_of_django_is_an_example_that_dev_up_does_not_run() -> None:
    """It was found by its name: it may need arguments, or other data first."""
    seed = found("python manage.py load_demo", "shop/management/commands/load_demo.py")
    scenarios = dev(replace(DJANGO, commands=replace(DJANGO.commands, seed=seed)))["scenarios"]
    assert scenarios["default"]["run"] == "python -c \"print('{}')\""
    assert scenarios["example"]["run"] == "sh -c 'python manage.py load_demo >&2 && echo {}'"


def test_the_services_own_url_is_the_one_that_people_open() -> None:
    urls = {"SITE_ROOT": found("http://localhost:8000", "a.py:1"), "APP_URL": found("http://localhost/", "a.py:2")}
    environment = services(replace(DJANGO, own_urls=urls))["app"]["environment"]
    assert environment["SITE_ROOT"] == environment["PUBLIC_URL"]
    assert environment["APP_URL"] == environment["PUBLIC_URL"] + "/"


def test_without_a_seed_the_data_is_what_migrations_leave() -> None:
    assert dev(DJANGO)["scenarios"]["default"]["run"] == "python -c \"print('{}')\""


def test_a_command_that_wants_a_shell_gets_one() -> None:
    reading = replace(DJANGO, commands=replace(DJANGO.commands, test=found("FOO=1 pytest && echo 'ok'", "Makefile:2")))
    assert dev(reading)["commands"]["test"] == "sh -c 'FOO=1 pytest && echo '\"'\"'ok'\"'\"''"


def test_the_compose_file_beside_another_one_is_named() -> None:
    text = fill(DJANGO, BESIDE)
    assert yaml.safe_load(text["dev.yaml"])["compose"] == "compose.devenv.yaml"
    assert yaml.safe_load(text["compose.devenv.yaml"])["services"]["app"]["build"]["dockerfile"] == "Dockerfile.devenv"
    assert set(text) == {"dev.yaml", "compose.lean.yaml", BESIDE.compose, BESIDE.dockerfile, BESIDE.ignore}


def test_notes_are_at_the_top() -> None:
    assert "# Also found, and not changed:\n#   makefile target `test` (Makefile:6)\n" in fill(DJANGO)["dev.yaml"]


def test_of_many_notes_the_report_has_the_rest() -> None:
    many = replace(DJANGO, notes=tuple(found(f"compose service s{n}", "docker-compose.yml") for n in range(20)))
    text = fill(many)["dev.yaml"]
    assert text.count("compose service s") == 7
    assert "#   and 13 more, which the report of template.retrofit lists\n" in text


# ---- compose.yaml


def test_logs_of_each_service_end_somewhere(reading: Reading) -> None:
    assert {service["logging"]["options"]["max-size"] for service in services(reading).values()} == {"5m"}


def test_each_variable_has_the_codes_name_and_says_where() -> None:
    text = fill(DJANGO)["compose.yaml"]
    assert line(text, "POSTGRES_HOST:") == "POSTGRES_HOST: ${DB_HOST:-db} # config/settings.py:84"
    environment = services(DJANGO)["app"]["environment"]
    assert environment["POSTGRES_PASSWORD"] == "${DB_PASSWORD:-development-only}"
    assert environment["SECRET_KEY"] == "not$$so:secret"
    assert environment["DEBUG"] == "1"
    assert "DB_HOST" not in environment


def test_a_url_is_put_together() -> None:
    environment = services(FASTAPI)["app"]["environment"]
    user = "${DB_USER:-service}:${DB_PASSWORD:-development-only}"
    where = "${DB_HOST:-db}:${DB_PORT:-5432}/${DB_NAME:-service}"
    assert environment["DATABASE_URL"] == f"postgresql+psycopg://{user}@{where}"
    assert environment["REDIS_URL"] == f"{CACHE}/0"


@pytest.mark.parametrize(
    ("names", "secured"),
    [({"host": "H"}, False), ({"host": "H", "password": "P"}, True), ({"url": "U"}, True), ({"address": "A"}, False)],
)
def test_a_cache_has_a_password_if_the_code_can_be_given_one(names: dict[str, str], secured: bool) -> None:
    variables = {role: found(name, "a.py:1") for role, name in names.items()}
    others = {"BROKER_URL": found("redis://redis:6379/3", "a.py:2")}
    cache = Store(found("redis", "a.py:1"), variables=variables, others=others)
    environment = services(replace(FASTAPI, cache=cache))["app"]["environment"]
    assert ("CACHE_PASSWORD" in environment["BROKER_URL"]) is secured
    assert any("CACHE_PASSWORD" in str(environment[name]) for name in names.values()) is secured


def test_further_addresses_of_the_cache_keep_their_numbers() -> None:
    """A worker whose broker is another host would never be well."""
    assert FASTAPI.cache
    others = {"BROKER_URL": found("redis://redis:6379/3", "a.py:1"), "SESSIONS_URL": found("", "a.py:2")}
    environment = services(replace(FASTAPI, cache=replace(FASTAPI.cache, others=others)))["app"]["environment"]
    assert environment["BROKER_URL"] == f"{CACHE}/3"
    assert environment["SESSIONS_URL"] == f"{CACHE}/0"


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ("localhost,127.0.0.1,[::1]", "localhost,127.0.0.1,[::1],.localhost"),
        ("localhost 127.0.0.1", "localhost 127.0.0.1 .localhost"),
        ("localhost", "localhost,.localhost"),
        ("*", "*"),
        ('["localhost"]', '["localhost"]'),
    ],
)
def test_hosts_that_are_allowed_have_ours_among_them(given: str, filled: str) -> None:
    environment = {"DJANGO_ALLOWED_HOSTS": found(given, ".env.example:3")}
    assert services(replace(DJANGO, environment=environment))["app"]["environment"] == {
        **services(replace(DJANGO, environment={}))["app"]["environment"], "DJANGO_ALLOWED_HOSTS": filled,
    }  # fmt: skip


def test_the_address_is_in_the_variable_that_the_code_reads() -> None:
    environment = services(FASTAPI)["app"]["environment"]
    assert environment["HTTP_PORT"] == f"${{PORT:-{answers(FASTAPI)['port']}}}"
    assert environment["HTTP_HOST"] == "${BIND:-0.0.0.0}"


def test_in_mysql_the_app_is_root() -> None:
    environment = services(EXPRESS)["app"]["environment"]
    assert (environment["DB_CLIENT"], environment["DB_USER"]) == ("mysql2", "${DB_USER:-root}")


@pytest.mark.parametrize(
    ("named", "image"),
    [
        ("postgres:15-alpine", "postgres:15-alpine"),
        ("docker.io/library/postgres:14", "docker.io/library/postgres:14"),
        ("postgres", "postgres:17"),
        ("postgres:latest", "postgres:17"),
        ("postgis/postgis:15-3.3", "postgis/postgis:15-3.3"),
        ("bitnami/postgresql:15.4", "postgres:15"),
        ("postgres:${PG:-16}", "postgres:17"),
    ],
)
def test_the_databases_version_is_the_one_of_the_compose_file(named: str, image: str) -> None:
    assert DJANGO.database
    reading = replace(DJANGO, database=replace(DJANGO.database, image=found(named, "docker-compose.yml:9")))
    assert services(reading)["db"]["image"] == image
    assert "docker-compose.yml:9" in line(fill(reading)["compose.yaml"], "image:")


def test_a_server_reloads_as_its_framework_does() -> None:
    commands = {name: services(reading)["app"]["command"] for name, reading in COMMON.items()}
    port = {name: answers(reading)["port"] for name, reading in COMMON.items()}
    address = {name: f"--host ${{BIND:-0.0.0.0}} --port ${{PORT:-{port[name]}}}" for name in COMMON}
    assert commands == {
        "django": "python manage.py runserver ${BIND:-0.0.0.0}:${PORT:-8000}",
        "flask": f"flask --app 'notebook:create_app()' run --debug {address['flask']}",
        "fastapi": f"uvicorn orders.main:app --reload {address['fastapi']}",
        "express": "npx nodemon src/server.js",
    }


def test_the_health_page_is_asked_in_the_services_language() -> None:
    assert services(FASTAPI)["app"]["healthcheck"]["test"][1:3] == ["python", "-c"]
    assert '"/health"' in services(FASTAPI)["app"]["healthcheck"]["test"][3]
    assert services(EXPRESS)["app"]["healthcheck"]["test"][1:3] == ["node", "-e"]


@pytest.mark.parametrize("reading", [DJANGO, FASTAPI], ids=["any page", "a page of its own"])
def test_the_check_is_python(reading: Reading) -> None:
    compile(services(reading)["app"]["healthcheck"]["test"][3], "check", "exec")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("", "celery@$$(uname -n)"),
        (" -n mail@%h", "mail@$$(uname -n)"),
        (" --hostname=mail -c 2", "mail@$$(uname -n)"),
        (" --hostname mail@here", "mail@here"),
    ],
)
def test_a_celery_worker_is_asked_by_name(arguments: str, name: str) -> None:
    worker = services(with_worker(FASTAPI, arguments))["worker"]
    assert worker["command"] == f"celery --app orders.jobs worker{arguments}"
    ping = f'exec celery --app orders.jobs inspect ping --destination "{name}"'
    assert worker["healthcheck"]["test"] == ["CMD-SHELL", ping]


def test_a_worker_whose_name_is_not_known_is_asked_with_all_others() -> None:
    worker = services(with_worker(FASTAPI, " -n mail-%i@%h"))["worker"]
    assert worker["healthcheck"]["test"] == ["CMD-SHELL", "exec celery --app orders.jobs inspect ping"]


def with_worker(reading: Reading, arguments: str) -> Reading:
    """The reading with further arguments of the worker's command."""
    assert reading.commands.worker
    worker = replace(reading.commands.worker, value=reading.commands.worker.value + arguments)
    return replace(reading, commands=replace(reading.commands, worker=worker))


def test_lean_runs_productions_command() -> None:
    lean = services(DJANGO, "compose.lean.yaml")["app"]
    assert lean["command"] == "gunicorn --bind ${BIND:-0.0.0.0}:${PORT:-8000} config.wsgi"
    assert lean["build"] == {"target": "prod"}
    assert "command" not in services(FLASK, "compose.lean.yaml")["app"]


# ---- Dockerfile and native:


def runs(reading: Reading) -> list[str]:
    """The last lines of each RUN: what it does, after the mounts."""
    text = fill(reading)["Dockerfile"].replace("\\\n", "")
    return [
        " ".join(line.partition("export HOME=/root")[2].split()) for line in text.splitlines() if line[:4] == "RUN "
    ]


def test_pip_installs_what_production_needs_first() -> None:
    assert runs(DJANGO)[1:] == [
        "VIRTUAL_ENV=/venv; uv venv --quiet /venv && uv pip install -r requirements.txt",
        "VIRTUAL_ENV=/venv; uv pip install -r requirements-dev.txt",
    ]
    assert dev(DJANGO)["native"]["install"] == "uv pip install -r requirements.txt -r requirements-dev.txt"


def test_packages_of_the_system_say_where_they_are_named() -> None:
    text = fill(DJANGO)["Dockerfile"]
    assert "install --yes --no-install-recommends libpq5 gettext" in text
    assert "# Dockerfile:4: " in text


def test_uv_and_npm_install_their_locks() -> None:
    assert runs(FASTAPI) == ["VIRTUAL_ENV=/venv; uv sync --locked --no-dev", "VIRTUAL_ENV=/venv; uv sync --locked"]
    assert runs(EXPRESS) == ["; npm ci --omit=dev --no-audit --no-fund", "; npm ci --no-audit --no-fund"]
    assert dev(EXPRESS)["native"] == {"node": ">=18", "install": "npm ci --no-audit --no-fund"}


def test_poetry_exports_its_lock_and_uv_installs_it() -> None:
    assert all(
        "poetry export" in run and run.endswith('uv pip install -r "$VIRTUAL_ENV/locked.txt"') for run in runs(FLASK)
    )
    assert ["--all-groups" in run for run in runs(FLASK)] == [False, True]
    assert dev(FLASK)["native"]["install"].startswith("sh -c 'uv tool run --from poetry==")


def test_a_project_that_is_installed_itself_is_linked_to_app() -> None:
    setup = Dependencies(found("pip", "setup.py"), ("setup.py", "setup.cfg"), False, build=True)
    reading = replace(FLASK, dependencies=setup)
    assert runs(reading) == ["VIRTUAL_ENV=/venv; uv venv --quiet /venv && uv pip install --editable ."]
    assert "--mount=type=bind,target=.,rw" in fill(reading)["Dockerfile"]
    assert "# dev.up rebuilds when these change: setup.py setup.cfg\nRUN " in fill(reading)["Dockerfile"]
    assert dev(reading)["native"]["install"] == "uv pip install --editable ."


def test_a_list_that_may_name_the_project_itself_sees_all_of_it() -> None:
    lists = Dependencies(
        found("pip", "requirements.txt"), ("requirements.txt", "setup.py", "dev-requirements.txt"), False, True
    )
    reading = replace(DJANGO, packages=(), dependencies=lists)
    assert [run.partition("; ")[2] for run in runs(reading)] == [
        "uv venv --quiet /venv && uv pip install -r requirements.txt --editable .",
        "uv pip install -r dev-requirements.txt --editable .",
    ]
    assert (
        dev(reading)["native"]["install"] == "uv pip install -r requirements.txt -r dev-requirements.txt --editable ."
    )


def test_a_locked_project_that_is_installed_itself_has_its_dependencies_in_a_layer_of_their_own() -> None:
    assert FASTAPI.dependencies
    reading = replace(FASTAPI, dependencies=replace(FASTAPI.dependencies, build=True))
    assert [run.partition("; ")[2] for run in runs(reading)] == [
        "uv sync --locked --no-dev --no-install-project",
        "uv sync --locked --no-dev",
        "uv sync --locked",
    ]
    assert len(fill(reading)["Dockerfile"].splitlines()) <= 60


@dataclass(frozen=True)
class WithExtras(Dependencies):
    """A reader may name the project's own extras."""

    extras: tuple[str, ...] = ("postgres", "test")


def test_extras_for_tests_are_developments_alone() -> None:
    setup = WithExtras(found("pip", "setup.py"), ("setup.py",), False, True)
    reading = replace(FLASK, dependencies=setup)
    assert [run.partition("uv pip ")[2] for run in runs(reading)] == [
        "install --editable '.[postgres]'",
        "install --editable '.[postgres,test]'",
    ]
    locked = replace(FLASK, dependencies=WithExtras(found("uv", "uv.lock"), ("pyproject.toml", "uv.lock"), True))
    assert dev(locked)["native"]["install"] == "uv sync --locked --extra postgres --extra test"


def test_files_of_a_folder_are_seen_with_that_folder() -> None:
    lists = Dependencies(found("pip", "requirements"), ("requirements/base.txt", "requirements/dev.txt"), False)
    text = fill(replace(DJANGO, dependencies=lists))["Dockerfile"]
    assert text.count("--mount=type=bind,source=requirements,target=requirements") == 2
    assert "uv pip install -r requirements/dev.txt" in text


def test_prismas_client_is_made_where_the_modules_are() -> None:
    reading = replace(EXPRESS, migrations=found("prisma", "prisma/schema.prisma"))
    assert runs(reading)[0] == "; npm ci --omit=dev --no-audit --no-fund && npx prisma generate"
    assert dev(reading)["native"]["install"].startswith("sh -c 'npm ci")


def test_the_image_installs_without_the_projects_own_scripts() -> None:
    assert EXPRESS.dependencies
    made = replace(EXPRESS.dependencies, hooks=("package.json",), patched=True)
    without, whole = "; node -e", " package.json && npm ci --omit=dev --no-audit --no-fund && npx patch-package"
    reading = replace(EXPRESS, dependencies=made)
    first = runs(reading)[0]
    assert (first[: len(without)], first[-len(whole) :]) == (without, whole)
    assert "--mount=type=bind,source=package.json,target=package.json,rw" in fill(reading)["Dockerfile"]
    assert dev(reading)["native"]["install"] == "npm ci --no-audit --no-fund"


@pytest.mark.parametrize(
    ("version", "where", "image"),
    [
        ("3.9", "pyproject.toml:4", "python:3.13-slim"),
        ("3.9", "Dockerfile:1", "python:3.9-slim"),
        ("3.12.4", ".python-version:1", "python:3.12-slim"),
        (">=3.14", "setup.py:9", "python:3.14-slim"),
    ],
)
def test_the_image_has_the_version_that_was_found(version: str, where: str, image: str) -> None:
    text = fill(replace(DJANGO, version=found(version, where)))["Dockerfile"]
    assert f"FROM {image} AS base" in text
    assert f"# {where}" in text


def test_productions_command_is_the_images() -> None:
    ends = {name: fill(reading)["Dockerfile"].splitlines()[-1] for name, reading in COMMON.items()}
    assert ends["django"] == 'CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT config.wsgi"]'
    assert ends["express"] == 'CMD ["node", "src/server.js"]'


# ---- open points


def whats(reading: Reading) -> list[str]:
    return [f"{point.file}: {point.what.partition(' (')[0]}" for point in open_points(fill(reading))]


def test_little_is_left_open_in_the_common_cases() -> None:
    assert {name: whats(reading) for name, reading in COMMON.items()} == {
        "django": [],
        "flask": ["Dockerfile: production's server, on 0.0.0.0 and $PORT"],
        "fastapi": [],
        "express": ["compose.yaml: how the code is told name, password of mysql"],
    }


def test_a_bare_django_project_has_three() -> None:
    assert whats(BARE_DJANGO) == [
        "dev.yaml: the service's own commands, run in the app's container",
        "compose.yaml: the code's own names for the values below",
        "Dockerfile: production's server, on 0.0.0.0 and $PORT",
    ]


def test_a_repository_that_says_nothing_has_six() -> None:
    assert len(whats(NOTHING)) == 6


def test_variables_that_the_code_cannot_do_without_are_one_point() -> None:
    text = "has no default, and no file gives it a value"
    names = {"STRIPE_KEY": 2, "UI_URL": 3, "SECRET_KEY": 4, "NOTE_BOOK_JWT_SECRET": 5}
    notes = tuple(found(f"{name} {text}", f"settings.py:{line}") for name, line in names.items())
    written = fill(replace(FLASK, notes=notes))
    point = open_points(written)[0]
    assert point.what.endswith("without a default: STRIPE_KEY (settings.py:2), UI_URL (settings.py:3)")
    assert point.example == "STRIPE_KEY: development-only"
    # Any text will do for a key of the service itself.
    assert "      SECRET_KEY: development-only # settings.py:4\n" in written["compose.yaml"]
    assert "_JWT_SECRET: development-only # settings.py:5\n" in written["compose.yaml"]
    assert "      # UI_URL: http://localhost\n" in written["compose.yaml"]
    assert "Also found" not in written["dev.yaml"]


def test_a_point_has_its_line_and_an_example() -> None:
    reading = replace(DJANGO, commands=Commands(migrate=DJANGO.commands.migrate))
    text = fill(reading)
    points = open_points(text)
    assert points[0] == OpenPoint(
        "dev.yaml", points[0].line, "the command that runs the tests", "test: python manage.py test"
    )
    assert "FILL IN" in text["dev.yaml"].splitlines()[points[0].line - 1]


def test_every_mark_is_a_point() -> None:
    for reading in ALL.values():
        text = fill(reading)
        assert sum(content.count("FILL IN") for content in text.values()) == len(open_points(text))
