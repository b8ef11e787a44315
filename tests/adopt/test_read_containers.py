"""Existing compose files, Dockerfiles, Procfiles and examples of the environment: what runs, with what, beside what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.adopt.test_fill_files import fill
from tools.adopt.fill.points import open_points

COMPOSED: Tree = {
    "requirements.txt": "django==5.2\npsycopg[binary]\ncelery\n",
    "docker-compose.yml": """\
        x-env: &env
          SECRET_KEY: ${SECRET_KEY:-not-so-secret}
          DEBUG: yes
        services:
          db:
            image: postgis/postgis:16-3.4
            environment: {POSTGRES_PASSWORD: secret}
          cache:
            image: redis:7-alpine
          web:
            build: .
            command: bash -c "python manage.py migrate && python manage.py runserver 0.0.0.0:8000"
            environment:
              <<: *env
              DATABASE_URL: postgis://app:secret@db:5432/app
              REDIS_URL: redis://cache:6379/0
              ALLOWED_HOSTS: "*"
              HALF: "${UNKNOWN}/x"
            ports:
              - 127.0.0.1:80:8000
            depends_on: [db]
            healthcheck:
              test: ["CMD", "curl", "-f", "http://localhost:8000/readyz/"]
          worker:
            build: .
            command: celery -A shop worker -l info
        """,
    ".env.example": "# for developers\nexport SECRET_KEY='from-the-example'\nEMPTY=\nTRACING=off # not now\n",
    "shop/wsgi.py": "get_wsgi_application()\n",
    "manage.py": "execute_from_command_line(sys.argv)\n",
    "Makefile": ".PHONY: test\ntest: build\n\tpytest\nbuild lint:\nX := 1\n",
    "Dockerfile": """\
        # syntax=docker/dockerfile:1
        FROM node:22 AS assets
        RUN npm ci
        FROM python:3.13-slim
        ENV PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=shop.settings
        RUN apt-get update \\
            # the client library
            && apt-get install -y --no-install-recommends \\
               libpq5=15.* gettext \\
            && rm -rf /var/lib/apt/lists/*
        EXPOSE 8080/tcp
        CMD ["gunicorn", "-b", "0.0.0.0:8080", "-w", "2", "shop.wsgi"]
        """,
}

EXPECTED = {
    "version": ("3.13", "Dockerfile:4"),
    "application.target": ("shop.wsgi", "Dockerfile:12"),
    "commands.develop": ("python manage.py runserver {bind}:{port}", "docker-compose.yml:12"),
    "commands.serve": ("gunicorn -w 2 shop.wsgi --bind {bind}:{port}", "Dockerfile:12"),
    "commands.worker": ("celery -A shop worker -l info", "docker-compose.yml:26"),
    "database.kind": ("postgres", "docker-compose.yml:6"),
    "database.image": ("postgis/postgis:16-3.4", "docker-compose.yml:6"),
    "database.variables.url": ("DATABASE_URL", "docker-compose.yml:15"),
    "cache.kind": ("redis", "docker-compose.yml:9"),
    "cache.image": ("redis:7-alpine", "docker-compose.yml:9"),
    "cache.variables.url": ("REDIS_URL", "docker-compose.yml:16"),
    "port": ("8000", "docker-compose.yml:20"),
    "health": ("/readyz/", "docker-compose.yml:23"),
    "environment.SECRET_KEY": ("from-the-example", "docker-compose.yml:2"),
    "environment.DEBUG": ("yes", "docker-compose.yml:3"),
    "environment.ALLOWED_HOSTS": ("*", "docker-compose.yml:17"),
    "environment.TRACING": ("off", ".env.example:4"),
    "environment.DJANGO_SETTINGS_MODULE": ("shop.settings", "Dockerfile:5"),
}


def test_what_containers_say(tmp_path: Path) -> None:
    found = reading(tmp_path, COMPOSED)
    assert {name: value for name, value in facts(found).items() if name in EXPECTED} == EXPECTED
    assert {name for name in facts(found) if name.startswith("environment.")} <= set(EXPECTED)
    assert [(package.value, package.where) for package in found.packages] == [
        ("libpq5", "Dockerfile:6"),
        ("gettext", "Dockerfile:6"),
    ]
    assert found.database
    assert found.database.scheme == "postgis"


def test_other_services_are_noted(tmp_path: Path) -> None:
    found = notes(reading(tmp_path, COMPOSED))
    assert "Dockerfile: an existing Dockerfile" in found
    assert "docker-compose.yml: an existing compose file" in found
    assert "docker-compose.yml:24: compose service worker" in found
    assert "Makefile:2: makefile targets test, build, lint" in found
    assert "Dockerfile:11: port 8080 here, but 8000 in docker-compose.yml:20" in found


def test_a_script_that_an_image_starts_with_is_read_to_its_last_program(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        "wsgi.py": "from flask import Flask\napp = Flask('a')\n",
        "docker/start.sh": """\
            #!/bin/sh
            set -e
            flask db upgrade
            exec gunicorn \\
              --bind :${PORT:-9000} wsgi:app "$@"
            """,
        "Dockerfile": 'FROM python:3.12\nENTRYPOINT ["/usr/local/bin/start.sh"]\n',
    }
    found = facts(reading(tmp_path, tree))
    assert found["commands.serve"] == ("gunicorn wsgi:app --bind {bind}:{port}", "docker/start.sh:4")
    assert found["port"] == ("9000", "docker/start.sh:4")


@pytest.mark.parametrize(
    ("line", "serve"),
    [
        ("gunicorn --bind 0.0.0.0:$PORT a.wsgi", "gunicorn a.wsgi --bind {bind}:{port}"),
        ("uvicorn a:app --host=0.0.0.0 --port=${PORT:-8000}", "uvicorn a:app --host {bind} --port {port}"),
        ("poetry run daphne -b 0.0.0.0 -p 80 a.asgi:application", "daphne a.asgi:application -b {bind} -p {port}"),
        ("python -m waitress a:app", "python -m waitress a:app"),
        ("waitress-serve --port=$PORT a:app", "waitress-serve --listen={bind}:{port} a:app"),
        ("exec a-server --host 0.0.0.0 --port 80", "a-server --host {bind} --port {port}"),
        ("LOG=1 gunicorn a.wsgi", "env LOG=1 gunicorn a.wsgi --bind {bind}:{port}"),
        ("gunicorn a.wsgi | tee log", None),
        ("gunicorn 'a.wsgi", None),
    ],
)
def test_a_servers_address_becomes_ours(tmp_path: Path, line: str, serve: str | None) -> None:
    found = reading(tmp_path, {"requirements.txt": "bottle\n", "Procfile": f"release: ./x\nweb: {line}\n"})
    assert (found.commands.serve.value if found.commands.serve else None) == serve


def test_a_procfile_names_worker_and_migration(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "django\n",
        "manage.py": "execute_from_command_line(sys.argv)",
        "Procfile": "web: gunicorn a.wsgi\nrelease: python manage.py migrate --no-input\nworker: celery -A a worker\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["commands.migrate"] == ("python manage.py migrate --no-input", "Procfile:2")
    assert found["commands.worker"] == ("celery -A a worker", "Procfile:3")


def test_env_file_and_lists_and_our_own_files(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        "compose.yaml": """\
            services:
              api:
                build: {context: .}
                env_file: [{path: config/app.env, required: false}, missing.env]
                environment: [MODE=local, "PORT=5000", PASSED]
                expose: ["5000"]
            """,
        "config/app.env": 'MODE=other\r\nNAME="with spaces"\r\n',
        "compose.devenv.yaml": "services: {app: {build: ., environment: {OURS: '1'}}}\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["environment.MODE"] == ("local", "compose.yaml:5")
    assert found["environment.NAME"] == ("with spaces", "config/app.env:2")
    assert found["port"] == ("5000", "compose.yaml:6")
    assert not {"environment.OURS", "environment.PASSED", "environment.PORT"} & set(found)


def test_of_two_services_that_are_built_the_one_that_is_not_a_worker_is_the_app(tmp_path: Path) -> None:
    compose = "services:\n  aaa-worker: {build: ., environment: {A: '1'}}\n  cart: {build: ., environment: {A: '2'}}\n"
    found = facts(reading(tmp_path, {"package.json": "{}", "docker-compose.yaml": compose}))
    assert found["environment.A"] == ("2", "docker-compose.yaml:3")


def test_dockerfiles_and_scripts_in_folders_of_their_own(tmp_path: Path) -> None:
    tree = {
        "requirements/production.txt": "django==5.2\npsycopg==3.2\n",
        "manage.py": "execute_from_command_line(sys.argv)\n",
        "config/settings.py": 'DATABASES = {"default": env.db("DATABASE_URL")}\n',
        "config/asgi.py": "app = get_asgi_application()\n",
        "local.yml": """\
            services:
              django:
                build: {context: ., dockerfile: ./compose/local/django/Dockerfile}
                command: /start
                env_file: [.envs/.local/.postgres]
              store:
                build: {context: ., dockerfile: ./compose/production/postgres/Dockerfile}
                image: shop_production_postgres
              celeryworker:
                build: {context: ., dockerfile: ./compose/local/django/Dockerfile}
                command: /start-celeryworker
            """,
        ".envs/.local/.postgres": "POSTGRES_HOST=store\nPOSTGRES_DB=shop\n",
        "compose/local/django/Dockerfile": "FROM docker.io/python:3.13-slim\n",
        "compose/local/django/start": "#!/bin/sh\n./manage.py migrate\nexec uvicorn config.asgi:app --reload\n",
        "compose/production/django/Dockerfile": 'FROM docker.io/python:3.13-slim\nCMD ["/start"]\n',
        "compose/production/django/start": "#!/bin/bash\nexec /usr/local/bin/gunicorn config.asgi -b :5000\n",
        "compose/production/postgres/Dockerfile": "FROM docker.io/postgres:16\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["version"] == ("3.13", "compose/production/django/Dockerfile:1")
    assert found["commands.develop"][1] == "compose/local/django/start:3"
    serve = ("gunicorn config.asgi --bind {bind}:{port}", "compose/production/django/start:2")
    assert found["commands.serve"] == serve
    assert found["database.image"] == ("docker.io/postgres:16", "compose/production/postgres/Dockerfile:1")
    # What the code reads, not what a script in the image would put it together from.
    assert found["database.variables.url"] == ("DATABASE_URL", "config/settings.py:1")
    assert "commands.worker" not in found  # that script is nowhere


def test_productions_compose_file_gives_development_no_values(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "django\ngunicorn\n",
        "docker-compose.yml": "services: {web: {build: ., environment: {DEBUG: '1'}}}\n",
        "docker-compose.override.yml": "services: {web: {environment: {TRACE: '1'}}}\n",
        "docker-compose.prod.yml": """\
            services:
              web:
                command: gunicorn shop.wsgi
                environment: {DJANGO_SETTINGS_MODULE: shop.production, AWS_SECRET_ACCESS_KEY: live-key}
              db: {image: "postgres:15"}
            """,
        "prod/docker-compose.yml": "services: {web: {environment: {TOKEN: live}}}\n",
        "shop/settings.py": "import os\nENGINE = 'django.db.backends.postgresql', os.environ['DATABASE_URL']\n",
    }
    found = facts(reading(tmp_path, tree))
    assert {name for name in found if name.startswith("environment.")} == {"environment.DEBUG", "environment.TRACE"}
    assert found["commands.serve"][0] == "gunicorn shop.wsgi --bind {bind}:{port}"
    assert found["database.image"] == ("postgres:15", "docker-compose.prod.yml:5")


@pytest.mark.parametrize("rest", ["{build: ., ports: ['8000']}", "{build: ./backend, ports: ['8000']}"])
def test_a_proxy_called_web_is_not_the_application(tmp_path: Path, rest: str) -> None:
    compose = f"services:\n  web: {{image: 'nginx:1', ports: ['80:80']}}\n  cart: {rest}\n"
    found = facts(reading(tmp_path, {"package.json": "{}", "docker-compose.yml": compose}))
    assert found["port"] == ("8000", "docker-compose.yml:3")


STAGES = """\
FROM python:3.13 AS base
ENV BASE=1
EXPOSE 5000
FROM base AS dev
ENV DEBUG=1
CMD ["flask", "run", "--reload"]
FROM base AS prod
CMD ["gunicorn", "a:app"]
FROM prod AS test
ENV TESTING=1
CMD ["pytest"]
"""


@pytest.mark.parametrize(
    ("dockerfile", "target", "serve"),
    [
        (STAGES, "", "Dockerfile:8"),
        (STAGES, "dev", "Dockerfile:8"),
        (STAGES.replace("AS prod", "AS serving").replace("FROM prod", "FROM serving"), "", "Dockerfile:8"),
        (STAGES + "FROM base AS canary\nCMD gunicorn b:app\n", "canary", "Dockerfile:13"),
    ],
    ids=["by its name", "beside development's", "which is not a test", "as compose builds it"],
)
def test_productions_stage_is_the_one_that_serves(tmp_path: Path, dockerfile: str, target: str, serve: str) -> None:
    build = f"{{context: ., target: {target}}}" if target else "."
    tree = {
        "requirements.txt": "flask\n",
        "Dockerfile": dockerfile,
        "compose.yml": f"services:\n  app:\n    build: {build}\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["commands.serve"][1] == serve
    assert ("gunicorn" in found["commands.develop"][0]) == (target != "dev")
    assert found["port"] == ("5000", "Dockerfile:3")
    assert found["environment.BASE"] == ("1", "Dockerfile:2")
    assert not {"environment.DEBUG", "environment.TESTING"} & set(found)


@pytest.mark.parametrize(
    ("tree", "test"),
    [
        ({"tests.py": "class A(unittest.TestCase): ...\n"}, "python -m unittest tests"),
        ({"tests/test_a.py": "class A(TestCase): ...\n"}, "python -m unittest discover -s tests"),
        (
            {"tests/test_a.py": "class A(unittest.IsolatedAsyncioTestCase): ...\n", "tests/__init__.py": ""},
            "python -m unittest discover -s tests -t .",
        ),
        ({"tests/test_a.py": "class A(Base): ...\n"}, None),
        ({"tests/test_a.py": "class A(TestCase): ...\n", "pytest.ini": "[pytest]\n"}, "pytest"),
        ({"src/manage.py": "execute_from_command_line(sys.argv)\n"}, "python src/manage.py test src --noinput"),
    ],
)
def test_tests_that_no_file_configures_are_found(tmp_path: Path, tree: Tree, test: str | None) -> None:
    found = facts(reading(tmp_path, {"requirements.txt": "django\n", **tree}))
    assert found.get("commands.test", (None,))[0] == test


@pytest.mark.parametrize(
    ("makefile", "test", "packages"),
    [
        ("test: build\n\t@python -m unittest discover\n", ("python -m unittest discover", "Makefile:2"), ()),
        ("all:\n\ntest:\n\tcd src\n\t$(PYTHON) tests.py\n", ("make test", "Makefile:3"), ("make",)),
        ("test: unit lint\n", ("make test", "Makefile:1"), ("make",)),
        ("test:\n\tdocker compose run web pytest\n", None, ()),
        ("TEST := 1\n", None, ()),
    ],
)
def test_the_makefile_runs_the_tests_where_nothing_else_says_how(
    tmp_path: Path, makefile: str, test: tuple[str, str] | None, packages: tuple[str, ...]
) -> None:
    found = reading(tmp_path, {"requirements.txt": "flask\n", "Makefile": makefile})
    assert facts(found).get("commands.test") == test
    assert tuple(package.value for package in found.packages) == packages


def test_a_store_of_a_profile_is_not_the_services(tmp_path: Path) -> None:
    web = "  web: {build: ., depends_on: [db, mail]}\n  db: {image: postgres:16}\n"
    mail = "  mail: {image: 'mariadb:11', profiles: [mail]}\n"
    found = reading(tmp_path, {"requirements.txt": "flask\n", "compose.yaml": f"services:\n{mail}{web}"})
    assert facts(found)["database.kind"] == ("postgres", "compose.yaml:4")


def test_a_store_of_the_applications_profile_is_the_services(tmp_path: Path) -> None:
    web = "  web: {build: ., profiles: [dev, all]}\n  db: {image: 'postgres:16', profiles: [dev]}\n"
    found = reading(tmp_path, {"requirements.txt": "flask\n", "compose.yaml": f"services:\n{web}"})
    assert facts(found)["database.kind"] == ("postgres", "compose.yaml:3")


def test_the_arguments_of_an_entrypoint_are_not_a_command(tmp_path: Path) -> None:
    runs = "services: {web: {build: ., entrypoint: [/srv/manage.py], command: runserver 0.0.0.0:80}}\n"
    tree = {"requirements.txt": "django\n", "manage.py": "execute_from_command_line()\n", "compose.yaml": runs}
    found = facts(reading(tmp_path, tree))
    assert found["commands.develop"] == ("python manage.py runserver {bind}:{port}", "compose.yaml:1")


def test_a_command_whose_script_is_not_in_the_repository_does_not_run(tmp_path: Path) -> None:
    setup = "from setuptools import setup\nsetup(name='shop', install_requires=['django'])\n"
    image = 'FROM python:3.12\nENTRYPOINT ["python", "manage.py"]\nCMD ["runserver"]\n'
    main = "from django.core.management import execute_from_command_line\nexecute_from_command_line()\n"
    tree = {"setup.py": setup, "Dockerfile": image, "shop/__init__.py": "", "shop/__main__.py": main}
    assert facts(reading(tmp_path, tree))["commands.develop"][0] == "python -m shop runserver {bind}:{port}"


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/srv/shop/src", "src"),
        ("/srv/shop:$HOME_OF_SHOP/src:/usr/lib/more", ".:src"),
        ("/usr/lib/more", None),
    ],
)
def test_the_python_path_of_an_image_is_that_of_the_repository(tmp_path: Path, path: str, here: str | None) -> None:
    folders = 'ENV HOME_OF_SHOP=/srv/shop\nWORKDIR /srv\nWORKDIR "${HOME_OF_SHOP}"\n'
    image = f"FROM python:3.12\n{folders}ENV PYTHONPATH={path}\n"
    tree = {"requirements.txt": "flask\n", "src/shop/app.py": "", "Dockerfile": image}
    found = facts(reading(tmp_path / "image", tree)).get("environment.PYTHONPATH")
    assert found == ((here, "Dockerfile:5") if here else None)
    given = path.replace("$HOME_OF_SHOP", "/srv/shop")
    runs = f"services: {{app: {{build: ., environment: {{PYTHONPATH: '{given}'}}}}}}\n"
    found = facts(reading(tmp_path / "compose", {**tree, "compose.yaml": runs})).get("environment.PYTHONPATH")
    assert found == ((here, "compose.yaml:1") if here else None)


def test_a_command_is_read_from_the_folder_that_it_changes_to_and_without_its_certificate(tmp_path: Path) -> None:
    line = "sh -c 'cd site; python manage.py migrate; python manage.py runserver_plus 0.0.0.0:8000 --cert-file c.crt'"
    tree = {
        "requirements.txt": "django\n",
        "site/manage.py": "execute_from_command_line([])\n",
        "compose.yaml": f'services: {{app: {{build: ., command: "{line}"}}}}\n',
    }
    found = facts(reading(tmp_path, tree))["commands.develop"]
    assert found == ("python site/manage.py runserver_plus {bind}:{port}", "compose.yaml:1")


def test_the_image_of_another_server_does_not_say_how_ours_is_served(tmp_path: Path) -> None:
    services = "services: {api: {build: .}, mail: {build: {context: ., dockerfile: docker/Dockerfile.mail}}}\n"
    tree = {
        "requirements.txt": "flask\n",
        "Dockerfile": "FROM python:3.12\nCMD gunicorn shop:app\n",
        "docker/Dockerfile.mail": "FROM python:3.12\nCMD python -m mail\n",
        "compose.yaml": services,
    }
    for image in ("Dockerfile", "docker/Dockerfile.mail"):
        found = facts(reading(tmp_path / image, {key: text for key, text in tree.items() if key != image}))
        serve = found.get("commands.serve", ("", ""))[1]
        assert serve == ("Dockerfile:2" if image != "Dockerfile" else "")


@pytest.mark.parametrize(
    ("mount", "value", "read"),
    [
        ("./conf/shop.cfg:/etc/shop/shop.cfg:ro", "/etc/shop/shop.cfg", "conf/shop.cfg"),
        ("./conf:/etc/shop", "/etc/shop/shop.cfg", "conf/shop.cfg"),
        ("{source: ./conf, target: /etc/shop}", "/etc/shop/shop.cfg", "conf/shop.cfg"),
        ("./conf:/etc/shop", "/etc/shop/other.cfg", "/etc/shop/other.cfg"),
        ("conf:/etc/shop", "/etc/shop/shop.cfg", "/etc/shop/shop.cfg"),
        ("./conf:/etc/sho", "/etc/shop/shop.cfg", "/etc/shop/shop.cfg"),
    ],
)
def test_a_value_that_names_a_mounted_file_is_its_path_in_the_repository(
    tmp_path: Path, mount: str, value: str, read: str
) -> None:
    """Natively there is no mount, and our containers mount the repository only."""
    runs = f"services: {{app: {{build: ., volumes: [{mount}], environment: {{SHOP_CONFIG: {value}}}}}}}\n"
    tree = {"requirements.txt": "flask\n", "docker/compose.yaml": runs.replace("./", "../"), "conf/shop.cfg": ""}
    assert facts(reading(tmp_path, tree))["environment.SHOP_CONFIG"] == (read, "docker/compose.yaml:1")


def test_a_server_that_reloads_is_productions_if_the_framework_has_none(tmp_path: Path) -> None:
    image = "FROM python:3.12\nRUN pip install gunicorn\nCMD gunicorn -w 4 --preload --bind :80 shop.run\n"
    found = reading(tmp_path, {"requirements.txt": "werkzeug\n", "Dockerfile": image, "shop/run.py": ""})
    assert facts(found)["commands.develop"] == ("gunicorn shop.run --bind {bind}:{port} --reload", "Dockerfile:3")
    assert "uv pip install -r requirements.txt gunicorn" in fill(found)["dev.yaml"]  # which only the image had
    assert not [point for point in open_points(fill(found)) if "server" in point.what]
