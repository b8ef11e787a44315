"""A failed installation names what the operating system lacks, for the packages that the repository lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.model.services import Build
from devenv.model.system_packages import COMPILED as NOT_COMPILED
from devenv.model.system_packages import NEEDS, for_image, for_machine

LISTS = [
    ("requirements.txt", "django\nmysqlclient==2.2\n"),
    ("requirements/base.txt", "mysqlclient\n"),
    ("uv.lock", '[[package]]\nname = "mysqlclient"\n'),
    ("setup.cfg", "install_requires =\n  MySQLclient>=2\n"),
]


@pytest.mark.parametrize(("file", "text"), LISTS)
def test_on_the_machine_by_its_programs(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    there = {"cc", "mysql_config"}
    assert for_machine(tmp_path, there.__contains__) == []
    for missing in there:
        (hint,) = for_machine(tmp_path, (there - {missing}).__contains__)
        assert "apt-get install build-essential pkg-config default-libmysqlclient-dev, or brew install" in hint


def test_in_an_image_by_its_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("psycopg2==2.9\npsycopg2-binary\nxmlsec-x\n")
    file = tmp_path / "Dockerfile.dev"
    build = Build(tmp_path, file, "", {})
    file.write_text("FROM python:3.12-slim\nRUN pip install -r requirements.txt\n")
    (hint,) = for_image(tmp_path, build)
    assert hint.startswith("psycopg2 ")
    assert f"in {file}, before that: RUN apt-get update && apt-get install -y build-essential libpq-dev" in hint
    file.write_text("FROM debian\nRUN apt-get install -y build-essential libpq-dev && pip install psycopg2\n")
    assert for_image(tmp_path, build) == []
    file.write_text("FROM python:3.12-alpine\nRUN pip install psycopg2\n")
    assert for_image(tmp_path, build) == []
    assert for_image(tmp_path, None) == []


def test_a_package_of_node_is_named_if_it_is_a_dependency(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"keywords": ["canvas"], "dependencies": {"node-sass": "9"}}')
    (hint,) = for_machine(tmp_path, lambda program: False)
    assert "node-sass may have to be compiled: apt-get install python3 build-essential" in hint
    (tmp_path / "package.json").write_text('{"dependencies": {"canvas": "3"}}')
    (hint,) = for_machine(tmp_path, lambda program: True)
    assert "libcairo2-dev" in hint, "no program tells whether its headers are there"


@pytest.mark.parametrize("name", [name for name, need in NEEDS["python"].items() if need.build and not need.wheels])
def test_each_package_that_is_compiled_has_a_hint_for_both_systems(tmp_path: Path, name: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{name}==1\n")
    (hint,) = for_machine(tmp_path, lambda program: False)
    assert f"apt-get install {NEEDS['python'][name].build}, or brew install " in hint
    assert not hint.endswith(" ")


def test_what_has_a_wheel_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("lxml==6\nweasyprint\n")
    assert for_machine(tmp_path, lambda program: True) == []
    (hint,) = for_machine(tmp_path, lambda program: False)
    assert f"{NOT_COMPILED}: apt-get install build-essential, or" in hint
    file = tmp_path / "Dockerfile"
    file.write_text("FROM python:3.12-slim\nRUN pip install -r requirements.txt\n")
    (hint,) = for_image(tmp_path, Build(tmp_path, file, "", {}))
    assert hint == f"{NOT_COMPILED}; in {file}, before that: RUN apt-get update && apt-get install -y build-essential"
