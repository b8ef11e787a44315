"""Packages of the operating system, the image's distribution, and the versions of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.model.system_packages import NEEDS
from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.adopt.test_fill_files import fill

PROJECT = "[project]\nname='a'\ndependencies=['flask']\n"


def packages(tmp_path: Path, tree: Tree) -> tuple[set[str], set[str]]:
    found = reading(tmp_path, tree)
    return {one.value for one in found.packages}, {one.value for one in found.build_packages}


@pytest.mark.parametrize("name", NEEDS["python"])
def test_what_a_dependency_needs_is_installed_where_it_is_needed(tmp_path: Path, name: str) -> None:
    pinned = {"lxml": "==4.9.3"}.get(name, "")
    found = reading(tmp_path, {"requirements.txt": f"flask\n{name}{pinned}\n"})
    build, run = NEEDS["python"][name][:2]
    assert {one.value for one in found.packages} == {*run.split()}
    assert {one.value for one in found.build_packages} == {*build.split()} - {*run.split()}
    stages = fill(found)["Dockerfile"].split("FROM ")
    base, deps = (next(stage for stage in stages if f" AS {each}\n" in stage) for each in ("base", "deps"))
    assert all(f" {package} " in base for package in run.split())
    assert all(f" {package} " in deps for package in {*build.split()} - {*run.split()})
    assert all(one.where == "requirements.txt:2" for one in (*found.packages, *found.build_packages))


@pytest.mark.parametrize(
    "tree",
    [
        {"requirements.txt": "flask\naddon @ git+https://git.example.org/addon.git@1.0\n"},
        {"requirements.txt": "flask\n-e git+ssh://git@git.example.org/addon#egg=addon\n"},
        {"pyproject.toml": PROJECT, "uv.lock": "[[package]]\nname = 'b'\nsource = { git = 'https://x' }\n"},
    ],
)  # fmt: skip
def test_a_dependency_from_git_needs_git(tmp_path: Path, tree: Tree) -> None:
    assert "git" in packages(tmp_path, tree)[1]


def test_what_only_the_dockerfile_installs_by_name_is_installed_too(tmp_path: Path) -> None:
    tree: Tree = {
        "requirements.txt": "flask\nsqlalchemy\n",
        "app.py": "from flask import Flask\napp = Flask('a')\nurl = os.environ['DATABASE_URL']\n",
        "Dockerfile": "FROM python:3.13-slim\nRUN pip install -U pip wheel \\\n && pip install -r requirements.txt\n"
        "RUN pip install --no-cache-dir -i https://x.example 'pymysql>=1,<2' Flask gunicorn==23.0 ./a.whl ${MORE}\n",
    }
    found = reading(tmp_path, tree)
    assert found.dependencies
    assert found.dependencies.more == ("pymysql>=1,<2", "gunicorn==23.0")
    assert found.database
    assert found.database.scheme == "mysql+pymysql"
    assert [note for note in notes(found) if "which the Dockerfile installs" in note] == [
        "Dockerfile:4: no file lists pymysql, which the Dockerfile installs: it is installed, too",
        "Dockerfile:4: no file lists gunicorn, which the Dockerfile installs: it is installed, too",
    ]
    locked = {**tree, "pyproject.toml": PROJECT, "uv.lock": ""}  # nothing is added to a lock
    made = reading(tmp_path, locked).dependencies
    assert made
    assert made.more == ()


def test_what_has_a_wheel_needs_nothing(tmp_path: Path) -> None:
    needs = packages(
        tmp_path, {"requirements.txt": "flask\npsycopg2-binary\npsycopg[binary]\nlxml==6.0.0\n# git+https://x\n"}
    )
    assert needs == (set(), set())


def test_a_dependency_of_a_dependency_in_a_lock_counts(tmp_path: Path) -> None:
    tree = {
        "pyproject.toml": "[project]\nname='a'\ndependencies=['flask']\n",
        "uv.lock": '[[package]]\nname = "xmlsec"\nversion = "1.3"\n',
    }
    assert "libxmlsec1-dev" in packages(tmp_path, tree)[1]


DOCKERFILE = """\
FROM python:3.12-slim-bullseye
ARG BUILD="gcc libpq-dev"
ENV MORE=gettext
RUN set -ex \\
    && RUN_DEPS=" \\
        libpq5 \\
    " \\
    && apt-get update && apt-get install -y --no-install-recommends $RUN_DEPS ${BUILD} $MORE curl=7.*
"""


@pytest.mark.parametrize("then", [" \\\n    && ", "; ", "; \\\n    "])
def test_packages_in_variables_and_the_distribution_are_kept(tmp_path: Path, then: str) -> None:
    dockerfile = DOCKERFILE.replace(" \\\n    && ", then)
    found = reading(tmp_path, {"requirements.txt": "flask\npsycopg2\n", "Dockerfile": dockerfile})
    assert [one.value for one in found.packages] == ["libpq5", "gcc", "libpq-dev", "gettext", "curl"]
    assert found.build_packages == ()
    assert "FROM python:3.12-slim-bullseye AS base" in fill(found)["Dockerfile"]


@pytest.mark.parametrize(
    ("base", "ours"),
    [
        ("python:3.12", "python:3.12"),
        ("python:3.12-alpine3.20", "python:3.12-alpine3.20"),
        ("registry.example.org/mirror/python:3.11.4-slim", "python:3.11-slim"),
        ("python:3.11-bookworm@sha256:abc", "python:3.11-bookworm"),
    ],
)
def test_the_variant_of_the_base_is_kept(tmp_path: Path, base: str, ours: str) -> None:
    tree = {"requirements.txt": "flask\npsycopg2\n", "Dockerfile": f"FROM {base}\nRUN apk add git || apt install git\n"}
    text = fill(reading(tmp_path, tree))["Dockerfile"]
    assert f"FROM {ours} AS base\n" in text
    assert ("apk add --no-cache git" in text) == ("alpine" in base)
    assert ("libpq-dev" in text) == ("slim" in base)


def test_another_distributions_packages_get_our_names(tmp_path: Path) -> None:
    lines = "python3.11 python3.11-dev libmysqlclient-dev software-properties-common language-pack-en gettext"
    tree = {"requirements.txt": "flask\n", "Dockerfile": f"FROM ubuntu:22.04\nRUN apt-get install -y {lines}\n"}
    found = reading(tmp_path, tree)
    assert [one.value for one in found.packages] == ["default-libmysqlclient-dev", "locales", "gettext"]
    assert any("the base is ubuntu:22.04; the image of python is used" in note for note in notes(found))
    assert facts(found)["version"] == ("3.11", "Dockerfile:2")


def test_alpines_packages_get_debians_names_and_unknown_ones_are_an_open_point(tmp_path: Path) -> None:
    run = "apk update && apk add --no-cache postgresql-dev icu-libs build-base nodejs jq strange-libs && rm x"
    tree = {"requirements.txt": "flask\n", "Dockerfile": f"FROM alpine:3.21\nRUN {run}\nRUN apt-get install -y odd\n"}
    found = reading(tmp_path, tree)
    assert [one.value for one in found.packages] == ["libpq-dev", "build-essential", "jq", "odd"]
    assert [(one.what.where, one.example) for one in found.open] == [
        ("Dockerfile:2", "RUN apt-get update && apt-get install --yes strange-libs")
    ]
    assert "# RUN apt-get update && apt-get install --yes strange-libs\n" in fill(found)["Dockerfile"]


CI = "jobs:\n  test:\n    strategy: {matrix: {python-version: ['3.10', '3.11', '3.15']}}\n"


@pytest.mark.parametrize(
    ("tree", "version"),
    [
        ({".github/workflows/ci.yml": CI}, ("3.11", ".github/workflows/ci.yml:3")),
        ({".travis.yml": "  - with:\n      python-version: 3.12\n"}, ("3.12", ".travis.yml:2")),
        ({"tox.ini": "[tox]\nenvlist = py{39,310}, py311-django\n"}, ("3.11", "tox.ini:2")),
        ({".gitlab-ci.yml": "image: python:3.11-slim\n"}, ("3.11", ".gitlab-ci.yml:1")),
        ({".python-version": "3.9\n", ".github/workflows/ci.yml": CI}, ("3.9", ".python-version:1")),
        ({"Dockerfile": "FROM python:3.10\n", ".python-version": "3.10\n"}, ("3.10", "Dockerfile:1")),
    ],
)  # fmt: skip
def test_the_version_comes_from_what_runs_else_from_what_is_tested(
    tmp_path: Path, tree: Tree, version: tuple[str, str]
) -> None:
    assert facts(reading(tmp_path, {"requirements.txt": "flask\n", **tree}))["version"] == version


def test_a_compiled_list_is_installed_without_its_inputs_and_says_the_version(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "#\n# This file is autogenerated by pip-compile with Python 3.12\n#\nflask==3.0\n"
        "    # via -r base.in\n",
        "base.in": "-c constraints.txt\nflask\n",
        "constraints.txt": "",
    }
    found = reading(tmp_path, tree)
    assert found.dependencies
    assert found.dependencies.files == ("requirements.txt",)
    assert facts(found)["version"] == ("3.12", "requirements.txt:2")


@pytest.mark.parametrize(("listed", "added"), [("django", True), ("django\nsetuptools", False)])
def test_setuptools_is_installed_for_code_that_imports_pkg_resources(tmp_path: Path, listed: str, added: bool) -> None:
    tree = {
        "requirements.txt": f"{listed}\n",
        "setup.py": "import pkg_resources\n",
        "shop.py": "import pkg_resources\n",
    }
    found = reading(tmp_path, tree)
    files = fill(found)
    assert ("install: uv pip install -r requirements.txt 'setuptools<81'" in files["dev.yaml"]) is added
    assert ("uv pip install -r requirements.txt 'setuptools<81'" in files["Dockerfile"]) is added
    assert any(note.startswith("shop.py:1: ") and "pkg_resources" in note for note in notes(found)) is added


@pytest.mark.parametrize(
    ("listed", "newest"),
    [("flask==1.1", "3.8"), ("flask", None), ("flask==1.1\ndjango==3.1.2", "3.8"), ("flask==1.1\ndjango==5.2", None)],
)
def test_pinned_packages_run_with_the_newest_python_that_was_tested(
    tmp_path: Path, listed: str, newest: str | None
) -> None:
    classifiers = [f"Programming Language :: Python :: {version}" for version in ("3", "3.7", "3.8")]
    setup = f"setup(name='a', python_requires='>=3.7', classifiers={classifiers})\n"
    found = reading(tmp_path, {"requirements.txt": f"{listed}\n", "setup.py": f"from setuptools import setup\n{setup}"})
    assert facts(found).get("newest", (None, ""))[0] == newest
    assert ('python: ">=3.7,<3.9"' in fill(found)["dev.yaml"]) is bool(newest)


@pytest.mark.parametrize(
    ("name", "taken"), [("mariadb.txt", True), ("requirements-mysql.txt", True), ("docs.txt", False)]
)
def test_a_list_that_is_named_for_the_database_is_installed(tmp_path: Path, name: str, taken: bool) -> None:
    tree = {
        "requirements/base.txt": "django==4.2\n",
        f"requirements/{name}": "mysqlclient\n",
        "manage.py": "execute_from_command_line([])\n",
        "settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'HOST': HOST}}\n",
    }
    found = reading(tmp_path, tree)
    assert found.dependencies is not None
    assert (f"requirements/{name}" in found.dependencies.files) is taken
    assert any("no driver for mysql" in note for note in notes(found)) is not taken


@pytest.mark.parametrize(
    ("spec", "code", "bound"),
    [
        ("django>=2.2", "from django.conf.urls import include, url\n", "django<4.0"),
        ("django", "from django.utils.timezone import utc\n", "django<5.0"),
        ("django<4", "from django.conf.urls import url\n", None),
        ("django==3.2.1", "from django.conf.urls import url\n", None),
        ("django", "from django.conf.urls import include\n", None),
        ("django", "try:\n    from django.conf.urls import url\nexcept ImportError:\n    url = None\n", None),
        ("flask", "from werkzeug.contrib.fixers import ProxyFix\n", None),  # Flask brings it, and says which
        ("flask\nwerkzeug", "from werkzeug.contrib.fixers import ProxyFix\n", "werkzeug<1.0"),
        ("fastapi\npydantic", "from pydantic import BaseModel, BaseSettings\n", "pydantic<2.0"),
    ],
)
def test_code_that_imports_a_removed_name_gets_an_earlier_release(
    tmp_path: Path, spec: str, code: str, bound: str | None
) -> None:
    found = reading(tmp_path, {"requirements.txt": f"{spec}\n", "app.py": code})
    assert found.dependencies
    assert [one for one in found.dependencies.more if "<" in one] == ([bound] if bound else [])
    said = f"app.py:1: the code needs {bound}: a name that it imports was removed"
    assert (said in notes(found)) is bool(bound)


def test_an_earlier_django_limits_python(tmp_path: Path) -> None:
    tree = {"requirements.txt": "django\n", "app.py": "from django.conf.urls import url\n"}
    newest = reading(tmp_path, tree).newest
    assert newest
    assert newest.value == "3.10"


def test_a_client_with_a_number_of_its_makers_source_gets_the_name_that_each_release_has(tmp_path: Path) -> None:
    run = "curl -s https://www.postgresql.org/key | apt-key add - && apt-get install -y postgresql-client-14 curl"
    dockerfile = f"FROM python:3.12-slim\nRUN {run} postgresql-client-common\n"
    found = reading(tmp_path, {"requirements.txt": "flask\n", "Dockerfile": dockerfile})
    assert [one.value for one in found.packages] == ["postgresql-client", "curl", "postgresql-client-common"]


@pytest.mark.parametrize(
    ("call", "package"),
    [
        ("ctypes.cdll.LoadLibrary('libfuzzy.so.2')", "libfuzzy2"),
        ('lib = CDLL("libmd4c-html0.so.0")', "libmd4c-html0-0"),
        ("ctypes.CDLL('libfuzzy.so')", ""),  # no version: it may be any package's
        ("ctypes.CDLL(find_library('fuzzy'))", ""),
        ("ctypes.CDLL('./libown.so.1')", ""),
    ],
)
def test_a_library_that_code_loads_by_its_version_is_installed(tmp_path: Path, call: str, package: str) -> None:
    found = reading(tmp_path, {"requirements.txt": "flask\n", "shop/hashes.py": f"import ctypes\n{call}\n"})
    assert [(one.value, one.where) for one in found.packages] == ([(package, "shop/hashes.py:2")] if package else [])
    assert [note for note in notes(found) if f"the library of {package};" in note] == (
        [f"shop/hashes.py:2: code loads the library of {package}; without containers, install it"] if package else []
    )
