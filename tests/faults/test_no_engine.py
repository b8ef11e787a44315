"""A machine without an engine, and one whose engine does not answer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.messages import CHECK_DOCKER, INSTALL_COMPOSE_PLUGIN, NO_COMPOSE_PLUGIN, NO_ENGINE_ANSWERS
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
    assert NO_ENGINE_ANSWERS in done.error
    assert "https://docs.docker.com/engine/install/" in done.hints[0]
    assert done.stdout == ""
    assert done.commands == []


@pytest.fixture
def without_compose(files: Repo, tmp_path: Path) -> Repo:
    """Docker takes the plugin of the user before that of the machine, and one that does not work for none."""
    plugin = tmp_path / "docker" / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("#!/bin/sh\nexit 1\n")
    plugin.chmod(0o755)
    files.env["DOCKER_CONFIG"] = str(plugin.parent.parent)
    files.env["DEV_NETWORK"] = f"devenv-{files.token}"
    return files


@pytest.mark.engine
def test_no_compose_plugin(without_compose: Repo) -> None:
    for words in (["dev.up"], ["dev.run", "--", "ls"], ["dev.logs"], ["dev.down"], ["dev.migrate"]):
        done = without_compose.fails(110, *words)
        assert done.error == f"error[110]: {NO_COMPOSE_PLUGIN}"
        assert done.hints == [f"{INSTALL_COMPOSE_PLUGIN}: https://docs.docker.com/compose/install/linux/"]
    subprocess.run(["docker", "network", "rm", without_compose.env["DEV_NETWORK"]], check=True, capture_output=True)


@pytest.mark.parametrize("verb", NEED_AN_ENGINE)
def test_engine_does_not_answer(files: Repo, verb: str) -> None:
    files.env["DOCKER_HOST"] = NOWHERE
    done = files.fails(110, verb)
    assert done.hints[-1] == CHECK_DOCKER


def test_the_chosen_context_is_not_there(files: Repo, tmp_path: Path) -> None:
    if not shutil.which("docker"):
        pytest.skip("there is no docker client here")
    (tmp_path / "config.json").write_text('{"currentContext": "desktop-linux"}')
    files.env.update(DOCKER_HOST="", DOCKER_CONFIG=str(tmp_path))
    done = files.fails(110, "dev.plan")
    assert "desktop-linux" in done.error
    assert "docker context use default" in done.hints[0]


def test_doctor_says_so_too_and_goes_on_with_what_it_can(files: Repo) -> None:
    files.env["DOCKER_HOST"] = NOWHERE
    done = files.run("dev.doctor", "--json")
    found = {finding["code"]: finding["ok"] for finding in done.json()}
    assert done.code == 1
    assert (found["D01"], found["D10"]) == (False, True)


def test_unknown_engine(files: Repo) -> None:
    files.env["DEV_ENGINE"] = "podmn"
    assert "DEV_ENGINE=podmn" in files.fails(2, "dev.up").error
