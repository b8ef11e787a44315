"""A machine without an engine, and one whose engine does not answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.verbs.repo import Repo

NEED_AN_ENGINE = ["dev.up", "dev.down", "dev.status", "dev.plan", "dev.logs", "dev.migrate", "dev.seed", "dev.reset"]
NOWHERE = "tcp://127.0.0.1:1"


@pytest.fixture
def path_without_docker(tmp_path: Path) -> str:
    """Every program of this machine but docker."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            if program.name != "docker" and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    return str(folder)


def test_no_docker_on_the_path(files: Repo, path_without_docker: str) -> None:
    files.env["PATH"] = path_without_docker
    done = files.fails(110, "dev.up")
    assert "no container engine answers" in done.error
    assert "https://docs.docker.com/engine/install/" in done.hints[0]
    assert done.stdout == ""
    assert done.commands == []


@pytest.mark.parametrize("verb", NEED_AN_ENGINE)
def test_engine_does_not_answer(files: Repo, verb: str) -> None:
    files.env["DOCKER_HOST"] = NOWHERE
    done = files.fails(110, verb)
    assert done.hints[-1] == "then look at `docker version`"


def test_doctor_says_so_too_and_goes_on_with_what_it_can(files: Repo) -> None:
    files.env["DOCKER_HOST"] = NOWHERE
    done = files.run("dev.doctor", "--json")
    found = {finding["code"]: finding["ok"] for finding in done.json()}
    assert done.code == 1
    assert (found["D01"], found["D10"]) == (False, True)


def test_unknown_engine(files: Repo) -> None:
    files.env["DEV_ENGINE"] = "podmn"
    assert "DEV_ENGINE=podmn" in files.fails(2, "dev.up").error
