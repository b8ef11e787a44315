"""Python services: version, installation, framework, target, migrations, commands."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.adopt.test_fill_files import fill
from tests.messages import NOT_SUPPORTED
from tools.adopt.fill.dev import native
from tools.adopt.found import Found
from tools.adopt.read.packages import pip
from tools.adopt.read.packages.project import host_name
from tools.adopt.read.text.files import Files

MANAGE = """\
#!/usr/bin/env python
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""

DJANGO: Tree = {
    "manage.py": MANAGE,
    "requirements.txt": "Django==4.2.1\ngunicorn==21.2\npsycopg2-binary==2.9\n",
    "requirements-dev.txt": "-r requirements.txt\npytest-django\n",
    ".python-version": "3.12.4\n",
    "shop/__init__.py": "",
    "shop/wsgi.py": "application = get_wsgi_application()\n",
    "shop/settings.py": """\
        import os
        WSGI_APPLICATION = "shop.wsgi.application"
        ROOT_URLCONF = "shop.urls"
        DATABASES = {"default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ.get("DB_HOST", "localhost"),
            "NAME": os.environ["DB_NAME"],
        }}
        """,
    "shop/urls.py": 'urlpatterns = [\n    path("healthz/", health),\n]\n',
    "cart/migrations/0001_initial.py": "",
    "cart/management/commands/seed_demo.py": "",
}

FLASK: Tree = {
    "pyproject.toml": """\
        [tool.poetry]
        name = "note-book"

        [tool.poetry.dependencies]
        python = "^3.10"
        Flask = "^3.0"
        flask-migrate = "*"
        flask-sqlalchemy = "*"
        psycopg2 = "^2.9"
        waitress = "^3.0"

        [tool.poetry.group.dev.dependencies]
        pytest = "^8"
        """,
    "poetry.lock": "",
    "notebook/__init__.py": """\
        import os
        from flask import Flask

        def create_app(config=None):
            app = Flask(__name__)
            app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]

            @app.route("/ping")
            def ping(): ...

            @app.cli.command("seed")
            def seed(): ...
            return app
        """,
    "migrations/alembic.ini": "[alembic]\n",
    "migrations/versions/1_first.py": "",
}

FASTAPI: Tree = {
    "pyproject.toml": """\
        [project]
        name = "orders"
        requires-python = ">=3.11,<3.14"
        dependencies = ["fastapi[standard]", "uvicorn>=0.30", "sqlalchemy", "asyncpg", "alembic>=1.13"]

        [dependency-groups]
        dev = ["pytest"]
        """,
    "uv.lock": '[[package]]\nname = "alembic"\nversion = "1.17.2"\n',
    "alembic.ini": "[alembic]\nscript_location = src/orders/migrations\n",
    "src/orders/migrations/versions/0001.py": "",
    "src/orders/main.py": """\
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/health")
        def health(): ...
        """,
    "src/orders/config.py": """\
        from pydantic_settings import BaseSettings, SettingsConfigDict
        from sqlalchemy.ext.asyncio import create_async_engine

        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="ORDERS_")
            database_url: str
            port: int = 8080
            secret: str

        settings = Settings()
        """,
}

EXPECTED = {
    "django": (
        DJANGO,
        {
            "language": ("python", "requirements.txt"),
            "version": ("3.12", ".python-version:1"),
            "dependencies.manager": ("pip", "requirements.txt"),
            "application.framework": ("django", "requirements.txt:1"),
            "application.target": ("shop.wsgi", "shop/settings.py:2"),
            "application.manage": ("python manage.py", "manage.py:5"),
            "migrations": ("django", "requirements.txt:1"),
            "commands.develop": ("python manage.py runserver {bind}:{port}", "manage.py:5"),
            "commands.serve": ("gunicorn shop.wsgi --bind {bind}:{port}", "requirements.txt:2"),
            "commands.test": ("pytest", "requirements-dev.txt:2"),
            "commands.migrate": ("python manage.py migrate --noinput", "manage.py:5"),
            "commands.pending": ("python manage.py migrate --check", "manage.py:5"),
            "commands.seed": ("python manage.py seed_demo", "cart/management/commands/seed_demo.py"),
            "database.kind": ("postgres", "requirements.txt:3"),
            "database.variables.host": ("DB_HOST", "shop/settings.py:6"),
            "database.variables.name": ("DB_NAME", "shop/settings.py:7"),
            "health": ("/healthz/", "shop/urls.py:2"),
        },
    ),
    "flask": (
        FLASK,
        {
            "service": ("note-book", "pyproject.toml:2"),
            "language": ("python", "pyproject.toml"),
            "version": ("3.10", "pyproject.toml:5"),
            "dependencies.manager": ("poetry", "poetry.lock"),
            "application.framework": ("flask", "pyproject.toml:6"),
            "application.target": ("notebook:create_app()", "notebook/__init__.py:4"),
            "migrations": ("flask-migrate", "migrations/alembic.ini"),
            "commands.develop": (
                "flask --app 'notebook:create_app()' run --debug --host {bind} --port {port}",
                "notebook/__init__.py:4",
            ),
            "commands.serve": ("waitress-serve --listen={bind}:{port} --call notebook:create_app", "pyproject.toml:10"),
            "commands.test": ("pytest", "pyproject.toml:13"),
            "commands.migrate": ("flask --app 'notebook:create_app()' db upgrade", "migrations/alembic.ini"),
            "commands.seed": ("flask --app 'notebook:create_app()' seed", "notebook/__init__.py:11"),
            "database.kind": ("postgres", "pyproject.toml:9"),
            "database.variables.url": ("DATABASE_URL", "notebook/__init__.py:6"),
            "health": ("/ping", "notebook/__init__.py:8"),
        },
    ),
    "fastapi": (
        FASTAPI,
        {
            "service": ("orders", "pyproject.toml:2"),
            "language": ("python", "pyproject.toml"),
            "version": ("3.11", "pyproject.toml:3"),
            "dependencies.manager": ("uv", "uv.lock"),
            "application.framework": ("fastapi", "pyproject.toml:4"),
            "application.target": ("orders.main:app", "src/orders/main.py:2"),
            "migrations": ("alembic", "alembic.ini:2"),
            "commands.develop": (
                "uvicorn orders.main:app --reload --host {bind} --port {port}",
                "src/orders/main.py:2",
            ),
            "commands.serve": ("uvicorn orders.main:app --host {bind} --port {port}", "pyproject.toml:4"),
            "commands.test": ("pytest", "pyproject.toml:7"),
            "commands.migrate": ("alembic upgrade head", "alembic.ini:2"),
            "commands.pending": ("alembic current --check-heads", "alembic.ini:2"),
            "database.kind": ("postgres", "pyproject.toml:4"),
            "database.variables.url": ("ORDERS_DATABASE_URL", "src/orders/config.py:6"),
            "port": ("8080", "src/orders/config.py:7"),
            "reads_port": ("ORDERS_PORT", "src/orders/config.py:7"),
            "health": ("/health", "src/orders/main.py:4"),
        },
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_of_a_usual_service_all_is_found_with_its_place_and_nothing_else(tmp_path: Path, name: str) -> None:
    tree, expected = EXPECTED[name]
    root = tmp_path / "a-folder"
    named = {} if "service" in expected else {"service": ("a-folder", "the folder's name")}
    assert facts(reading(root, tree)) == named | expected


def test_what_an_installation_needs(tmp_path: Path) -> None:
    django = reading(tmp_path / "django", DJANGO)
    assert django.dependencies
    assert django.dependencies.files == ("requirements.txt", "requirements-dev.txt")
    assert (django.dependencies.locked, django.dependencies.build) == (True, False)
    assert django.migration_files == ("**/migrations/*.py",)
    flask = reading(tmp_path / "flask", FLASK)
    assert flask.dependencies
    assert flask.dependencies.files == ("pyproject.toml", "poetry.lock")
    assert flask.database
    assert flask.database.scheme == "postgresql+psycopg2"
    fastapi = reading(tmp_path / "fastapi", FASTAPI)
    assert fastapi.database
    assert fastapi.database.scheme == "postgresql+asyncpg"
    assert fastapi.migration_files == ("src/orders/migrations/versions/*.py",)


def test_what_has_no_default_and_no_value_is_a_note(tmp_path: Path) -> None:
    assert "src/orders/config.py:8: ORDERS_SECRET has no default, and no file gives it a value" in notes(
        reading(tmp_path, FASTAPI)
    )


def test_alembic_is_not_asked_for_what_its_version_cannot(tmp_path: Path) -> None:
    found = reading(tmp_path, {**FASTAPI, "uv.lock": '[[package]]\nname = "alembic"\nversion = "1.16.5"\n'})
    assert found.commands.pending is None
    assert "pyproject.toml:4: `alembic current --check-heads` needs Alembic 1.17.1" in notes(found)


def test_includes_and_constraints_belong_to_the_installation(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            "requirements/base.txt": "flask\n",
            "requirements/production.txt": "-r base.txt\n-c ../constraints.txt\n-r production.txt\n",
            "requirements/dev.txt": "-r base.txt\npytest\n",
            "constraints.txt": "flask==3.0\n",
            "requirements/docs.txt": "sphinx\n",
        },
    )
    assert found.dependencies
    assert found.dependencies.files == (
        "requirements/production.txt",
        "requirements/base.txt",
        "constraints.txt",
        "requirements/dev.txt",
    )
    assert not found.dependencies.locked


def test_a_compiled_file_is_a_lock_and_an_editable_line_takes_the_source(tmp_path: Path) -> None:
    text = """\
        #
        # This file is autogenerated by pip-compile with Python 3.11
        #
        flask==3.0.0 \\
            --hash=sha256:aa
        -e .
        """
    tree = {"requirements.txt": text, "setup.py": "from setuptools import setup\nsetup(name='old_Shop')\n"}
    found = reading(tmp_path, tree)
    assert found.service.value == "old-shop"
    assert found.dependencies
    assert (found.dependencies.locked, found.dependencies.build) == (True, True)
    assert found.dependencies.files == ("requirements.txt", "setup.py")


def test_setup_py_is_read_and_never_run(tmp_path: Path) -> None:
    text = """\
        import os
        from setuptools import setup
        raise SystemExit("this was run")
        deps = ["Flask>=1.0", "raven[flask]"]
        setup(
            name="bin",
            python_requires=">=3.8",
            install_requires=deps,
            extras_require={"test": ["pytest"]},
            entry_points={"console_scripts": ["bin = bin.cli:main"]},
        )
        """
    found = facts(reading(tmp_path, {"setup.py": text, "bin/core.py": "import flask\napp = flask.Flask('x')\n"}))
    assert found["service"] == ("bin", "setup.py:6")
    assert found["version"] == ("3.8", "setup.py:7")
    assert found["application.framework"] == ("flask", "setup.py:4")
    assert found["application.target"] == ("bin.core:app", "bin/core.py:2")
    assert found["commands.test"] == ("pytest", "setup.py:9")


def test_a_package_that_is_djangos_commands_is_called_as_one(tmp_path: Path) -> None:
    tree = {
        "pyproject.toml": """\
            [build-system]
            requires = ["setuptools"]
            [project]
            name = "talks"
            dependencies = ["Django~=5.2"]
            """,
        "src/talks/__init__.py": "",
        "src/talks/__main__.py": MANAGE,
        "src/manage.py": MANAGE,
    }
    found = facts(reading(tmp_path, tree))
    assert found["application.manage"] == ("python -m talks", "src/talks/__main__.py:5")
    assert found["commands.migrate"] == ("python -m talks migrate --noinput", "src/talks/__main__.py:5")


def test_an_old_django_has_no_check(tmp_path: Path) -> None:
    found = reading(tmp_path, {"manage.py": MANAGE, "requirements.txt": "Django>=2.2,<3.0\n"})
    assert found.commands.migrate
    assert found.commands.pending is None


def test_manage_py_further_down_is_where_imports_start(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "django\ngunicorn\n",
        "site/manage.py": MANAGE,
        "site/core/wsgi.py": "get_wsgi_application()",
    }
    tree["site/core/settings.py"] = "WSGI_APPLICATION = 'core.wsgi.application'\n"
    found = facts(reading(tmp_path, tree))
    assert found["application.manage"][0] == "python site/manage.py"
    assert found["commands.serve"][0] == "gunicorn --chdir site core.wsgi --bind {bind}:{port}"


@pytest.mark.parametrize(
    ("spec", "least"),
    [
        (">=3.9", "3.9"),
        ("^3.10", "3.10"),
        ("~=3.11.2", "3.11"),
        (">=3.9,<4,!=3.9.1", "3.9"),
        ("3.12.*", "3.12"),
        ("<4", None),
    ],
)
def test_of_a_range_the_lowest(tmp_path: Path, spec: str, least: str | None) -> None:
    found = reading(tmp_path, {"pyproject.toml": f'[project]\nname = "a"\nrequires-python = "{spec}"\n'})
    assert (found.version.value if found.version else None) == least


@pytest.mark.parametrize(
    ("spec", "newest"),
    [
        ("Django==1.10.5", "3.5"),
        ("Django>=3.2,<4", "3.10"),
        ("django~=4.2.1", "3.12"),
        ("django==5.2", None),
        ("django", None),
        ("greenlet==2.0.1\npyyaml==6.0.2", "3.11"),
        ("django==4.2.1\npsycopg2-binary==2.9.3", "3.10"),
    ],
)
def test_old_packages_limit_the_python_that_no_file_names(tmp_path: Path, spec: str, newest: str | None) -> None:
    tree = {"manage.py": MANAGE, "requirements.txt": f"{spec}\n"}
    found = reading(tmp_path / "a", tree).version
    assert (found.value if found else None) == newest
    pinned = reading(tmp_path / "b", {**tree, ".python-version": "3.8\n"})
    assert facts(pinned)["version"] == ("3.8", ".python-version:1")


@pytest.mark.parametrize(
    ("file", "text", "oldest"),
    [
        ("pyproject.toml", '[project]\nname = "a"\nrequires-python = ">=3.9"\n', "3.9"),
        (".github/workflows/a.yml", "x:\n  python-version: ['3.10', '3.14']\n", "3.10"),
        ("pyproject.toml", '[project]\nname = "a"\nrequires-python = ">=3.12"\n', None),
    ],
)
def test_the_oldest_python_that_works_is_enough_without_containers(
    tmp_path: Path, file: str, text: str, oldest: str | None
) -> None:
    found = reading(tmp_path, {"requirements.txt": "flask\n", "Dockerfile": "FROM python:3.12\n", file: text})
    assert found.version == Found("3.12", "Dockerfile:1")
    assert (found.oldest.value if found.oldest else None) == oldest
    assert f'python: ">={oldest or "3.12"}"' in "".join(native(found))


@pytest.mark.parametrize(
    ("spec", "old"), [("Flask==2.0.1", True), ("flask>=2.2", False), ("flask<2.2", True), ("flask\npython", True)]
)
def test_an_old_flask_is_told_its_application_by_a_variable(tmp_path: Path, spec: str, old: bool) -> None:
    code = "app = Flask(__name__)\nMigrate(app)\n@app.cli.command('seed')\ndef seed(): ...\n"
    pin = {".python-version": "3.6.1\n"} if "python" in spec else {}
    ways = reading(tmp_path, {"requirements.txt": f"{spec}\nflask-migrate\n", "a.py": code, **pin}).commands
    for found in (ways.develop, ways.migrate, ways.seed):
        assert found
        assert found.value.startswith("env FLASK_APP=a:app " if old else "flask --app a:app ")
        assert not (old and "--" in found.value.partition("--host")[0])


def test_what_runs_wins_and_the_difference_is_reported(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        ".python-version": "3.12\n",
        "Dockerfile": "ARG V=3.11\nFROM python:${V}-slim\n",
    }
    found = reading(tmp_path, tree)
    assert facts(found)["version"] == ("3.11", "Dockerfile:2")
    assert ".python-version:1: Python 3.12 here, but 3.11 in Dockerfile:2" in notes(found)


def test_pipenv_is_named_and_not_taken_for_pip(tmp_path: Path) -> None:
    found = reading(
        tmp_path, {"Pipfile": "[packages]\nflask = '*'\n", "app.py": "from flask import Flask\napp = Flask('a')\n"}
    )
    assert found.dependencies is None
    only = "only pip, uv, Poetry and Pipenv's lock are"
    assert f"Pipfile: Pipenv without Pipfile.lock {NOT_SUPPORTED}, {only}" in notes(found)


def test_pipenvs_lock_is_installed_and_its_pipfile_says_what_the_project_uses(tmp_path: Path) -> None:
    pipfile = "[packages]\nFlask = '*'\npsycopg2 = {version = '>=2', extras = ['x']}\n[dev-packages]\npytest = '*'\n"
    lock = {"default": {"flask": {"version": "==2.3.1"}, "psycopg2": {"version": "==2.9"}}, "develop": {}}
    found = reading(
        tmp_path,
        {
            "Pipfile": f"{pipfile}[requires]\npython_version = '3.11'\n",
            "Pipfile.lock": json.dumps(lock),
            "app.py": "from flask import Flask\napp = Flask('a')\n",
        },
    )
    assert facts(found)["version"] == ("3.11", "Pipfile:7")
    assert facts(found)["application.framework"] == ("flask", "Pipfile:2")
    assert facts(found)["dependencies.manager"] == ("pipenv", "Pipfile.lock")
    assert facts(found)["commands.test"][0] == "pytest"
    assert "libpq5" in {one.value for one in found.packages}  # psycopg2 has no wheel
    files = fill(found)
    assert "pipenv requirements --exclude-index --dev > " in files["dev.yaml"]
    assert "pipenv requirements --exclude-index > " in files["Dockerfile"]
    assert "Pipfile.lock" in files["dev.yaml"].partition("state: ")[2]


@pytest.mark.parametrize(
    ("packages", "serve"),
    [
        ("django\n", "gunicorn shop.wsgi --bind {bind}:{port}"),
        ("django\nwaitress\n", "waitress-serve --listen={bind}:{port} shop.wsgi:application"),
        ("django\npyuwsgi\n", None),
        ("django\ndaphne\n", None),
    ],
)
def test_gunicorn_runs_an_application_for_which_no_server_is_named(
    tmp_path: Path, packages: str, serve: str | None
) -> None:
    tree = {"manage.py": "execute_from_command_line(sys.argv)\n", "shop/wsgi.py": "get_wsgi_application()\n"}
    found = reading(tmp_path, {**tree, "requirements.txt": packages})
    assert facts(found).get("commands.serve", (None,))[0] == serve
    added = found.dependencies.more if found.dependencies else ()
    assert added == (("gunicorn",) if packages == "django\n" else ())
    assert any("no file names production's server" in note for note in notes(found)) is bool(added)


def test_an_asynchronous_server_is_only_named_where_it_is_among_the_dependencies(tmp_path: Path) -> None:
    expected = {
        "fastapi\n": (None, None),
        "fastapi\ngunicorn\n": (None, None),  # which cannot serve it alone
        "fastapi\nuvicorn\n": ("uvicorn a:app --reload --host {bind} --port {port}", "requirements.txt:2"),
        "fastapi[Standard]\n": ("uvicorn a:app --reload --host {bind} --port {port}", "requirements.txt:1"),
        "fastapi\nhypercorn\n": ("hypercorn a:app --reload --bind {bind}:{port}", "requirements.txt:2"),
    }
    for number, (requirements, (develop, where)) in enumerate(expected.items()):
        tree = {"requirements.txt": requirements, "a.py": "app = FastAPI()\n"}
        found = reading(tmp_path / str(number), tree).commands
        assert (found.develop.value if found.develop else None) == develop
        assert (found.serve.where if found.serve else None) == where


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("Note_Book", "note-book"),
        ("@acme/Shop.API", "shop-api"),
        ("2048-game", "service-2048-game"),
        ("Ünï côde", "n-c-de"),
        ("---", "service"),
        ("x" * 39 + "-y", "x" * 39),
        ("App", "app-service"),
        ("no", "no-service"),
    ],
)
def test_any_name_becomes_a_host_name(name: str, host: str) -> None:
    assert host_name(name) == host


@pytest.mark.parametrize("name", ["requirements.txt", "setup.py"])
def test_the_newest_python_that_works_is_not_the_least(tmp_path: Path, name: str) -> None:
    setup = "from setuptools import setup\nsetup(name='shop', install_requires=['Django==3.2'])\n"
    text = setup if name == "setup.py" else "Django==3.2\n"
    made = fill(reading(tmp_path, {"manage.py": MANAGE, name: text}))
    assert "FROM python:3.10-slim" in made["Dockerfile"]
    assert 'python: ">=3.10,<3.11"' in made["dev.yaml"]


@pytest.mark.parametrize(("spec", "image", "native"), [("^1.4", "3.11", ">=3.8,<3.12"), ("^2.3", "3.13", ">=3.8")])
def test_the_newest_python_that_works_ends_a_range(tmp_path: Path, spec: str, image: str, native: str) -> None:
    """A range says which Python is the lowest; a package of that time may not be installable on later ones."""
    text = f'[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = ">=3.8"\nflask = "*"\npandas = "{spec}"\n'
    made = fill(reading(tmp_path, {"pyproject.toml": text}))
    assert f"FROM python:{image}-slim" in made["Dockerfile"]
    assert f'python: "{native}"' in made["dev.yaml"]


COMPILED = "# This file is autogenerated by pip-compile with Python 3.12\n"
LAYERS: Tree = {
    "setup.py": "",
    "requirements/base.in": "flask\nopaque-keys\n",
    "requirements/base.txt": COMPILED
    + "flask==3.0.0\n    # via -r requirements/base.in\n"
    + "opaque-keys==2.0\n    # via\n    #   -c requirements/constraints.txt\n    #   -r requirements/base.in\n"
    + "pymongo==4.0\n    # via opaque-keys\n",
    "requirements/production.txt": COMPILED
    + "".join(f"{name}\n    # via -r requirements/base.txt\n" for name in ("flask==3.0.0", "opaque-keys==2.0"))
    + "pymongo==4.0\n    # via\n    #   -r requirements/base.txt\n    #   opaque-keys\n"
    + "gunicorn==21.0\n    # via -r requirements/production.in\n",
}


def test_a_list_that_is_compiled_from_another_one_has_its_reasons(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    for name, text in LAYERS.items():
        (tmp_path / name).write_text(text)
    found = list(pip.listed(Files(tmp_path, list(LAYERS)), "requirements/production.txt", ""))
    direct = {"flask": True, "opaque-keys": True, "pymongo": False, "gunicorn": True}
    assert {package.name: package.direct for package in found} == direct


def test_an_application_that_is_made_in_a_branch_is_found(tmp_path: Path) -> None:
    text = "from .app import create_app\nif old:\n    site = create_app(old)\nelse:\n    site = create_app()\n"
    tree = {"requirements.txt": "flask\n", "shop/wsgi.py": text, "shop/app.py": "def create_app(old=False): ...\n"}
    assert facts(reading(tmp_path, tree))["application.target"] == ("shop.wsgi:site", "shop/wsgi.py:3")


def test_the_application_of_wsgi_py_is_found_whichever_function_makes_it(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        "shop/app.py": "def create(config=None):\n    return Flask(__name__)\n",
        "shop/wsgi.py": "from .app import create\napplication = create()\n",
        "shop/db/env.py": "url = get_url_from_app(create)\n",  # takes an application, and makes none
    }
    found = facts(reading(tmp_path, tree))
    assert found["application.target"] == ("shop.wsgi:application", "shop/wsgi.py:2")


@pytest.mark.parametrize(
    ("tree", "target"),
    [
        (
            {"shop/manage.py": "from .factory import make\n@click.group(cls=FlaskGroup, create_app=make)\n"},
            "factory:make",
        ),
        ({"shop/cli/__init__.py": "cli = OwnFlaskGroup(create_app=make)\ndef make(): ...\n"}, "cli:make"),
        ({"shop/cli/__init__.py": "from ..app import make\ncli = FlaskGroup(create_app=make)\n"}, "app:make"),
    ],
    ids=["imported", "own class", "from the package around"],
)
def test_the_application_of_a_project_with_flask_commands_is_the_one_that_they_have(
    tmp_path: Path, tree: Tree, target: str
) -> None:
    """Another application of the code may lack what the commands need, such as that of a worker."""
    end = "def cli(): ...\n" if "@" in "".join(map(str, tree.values())) else ""
    name, text = next(iter(tree.items()))
    other = {
        "requirements.txt": "flask\nflask-migrate\n",
        "shop/celery.py": "app = Flask('a')\n",
        "shop/db.py": "m = Migrate()\n",
        name: f"{text}{end}",
    }
    other["shop/db.py"] = "migrate = Migrate()\n"
    found = facts(reading(tmp_path, other))
    assert found["application.target"][0] == f"shop.{target}()"
    assert found["commands.migrate"][0] == f"flask --app 'shop.{target}()' db upgrade"


@pytest.mark.parametrize(
    ("first", "script", "called"),
    [
        ("op.add_column('orders', x)", "create_all()\nwith app:\n    command.stamp(config, 'head')\n", True),
        ("op.create_table('orders')", "command.stamp(config, 'head')\n", False),
        ("op.add_column('orders', x)", "def reset():\n    command.stamp(config, 'head')\n", False),
    ],
)
def test_a_script_makes_the_first_tables_if_no_revision_does(
    tmp_path: Path, first: str, script: str, called: bool
) -> None:
    tree = {
        "requirements.txt": "flask\nalembic\npsycopg2\n",
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
        "migrations/versions/1_first.py": f"down_revision = None\n\ndef upgrade():\n    {first}\n",
        "migrations/versions/2_second.py": "down_revision = '1'\n\ndef upgrade():\n    op.create_table('more')\n",
        "make_tables.py": script,
    }
    line, where = facts(reading(tmp_path, tree))["commands.migrate"]
    assert (line.endswith("alembic upgrade head"), where) == (True, "alembic.ini:2")
    assert ("|| python make_tables.py) && " in line) is called
    if called:  # the line of a revision, not of a log
        (known,) = re.findall(r"grep -E '(.*?)'", line)
        said = "INFO  [shop] no configuration\n"
        for text, code in ((said, 1), (f"{said}3f2a\n", 0), ("3f2a (head)\n", 0), ("a_1 (effective head)\n", 0)):
            assert subprocess.run(["grep", "-E", known], input=text, text=True, check=False).returncode == code


@pytest.mark.parametrize(
    ("tree", "seed"),
    [
        ({"scripts/seed.py": 'if __name__ == "__main__":\n    main()\n'}, "python scripts/seed.py"),
        ({"scripts/seed.py": "def main(): ...\n"}, None),
        ({"a/seed.py": 'if __name__ == "__main__":\n    main()\n'}, None),
    ],
)
def test_a_script_that_is_named_for_it_is_a_seed(tmp_path: Path, tree: Tree, seed: str | None) -> None:
    found = facts(reading(tmp_path, {"requirements.txt": "flask\n", **tree}))
    assert found.get("commands.seed", (None,))[0] == seed


@pytest.mark.parametrize(
    ("recipe", "seed"),
    [
        ("pipenv run python manage.py loaddata items", "python manage.py loaddata items"),
        ("./manage.py loaddata missing", None),
        ("# manage.py loaddata items", None),
    ],
)
def test_the_fixtures_that_the_makefile_loads_are_a_seed(tmp_path: Path, recipe: str, seed: str | None) -> None:
    tree = {name: text for name, text in DJANGO.items() if "seed" not in name}
    tree |= {"Makefile": f"load:\n\t{recipe}\n", "cart/fixtures/items.json": "[]"}
    assert facts(reading(tmp_path, tree)).get("commands.seed", (None,))[0] == seed


def test_flask_migrate_that_is_only_listed_migrates_nothing(tmp_path: Path) -> None:
    tree = {"requirements.txt": "flask\nflask-migrate\n", "app.py": "from flask import Flask\napp = Flask('a')\n"}
    assert reading(tmp_path, tree).migrations is None
    used = {**tree, "app.py": f"{tree['app.py']}from flask_migrate import Migrate\n"}
    assert "commands.migrate" in facts(reading(tmp_path, used))
