"""What `dev.up` does where `dev.doctor` would find something; the conditions alone are in test_conditions.py."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.base import authorities
from tests.conftest import NO_ENGINE, REPO, has_engine, need
from tests.machines.conditions import HELD, distant, mounted, variable
from tests.messages import DOCKER_REFUSES
from tests.verbs import machine
from tests.verbs.repo import Repo

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
OURS = (*authorities.GIVEN, *PROXIES, *map(str.upper, PROXIES))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def native(bake: Callable[..., Path], tmp_path: Path, free_port: int) -> Repo:
    """A generated repo without containers, in which nothing is wrong."""
    token = f"t{uuid.uuid4().hex[:8]}"
    env = {"DEV_ENGINE": "native", "XDG_STATE_HOME": str(tmp_path / "state"), "DOCKER_HOST": "unix:///nonexistent"}
    return Repo(bake(service=token, port=free_port), token, env)


def wrong(repo: Repo) -> dict[str, str]:
    """What is wrong, by its code: the fix."""
    findings = repo.run("dev.doctor", "--json").json()
    assert all(bool(each["fix"]) != each["ok"] for each in findings), findings
    return {each["code"]: each["fix"] for each in findings if not each["ok"]}


def test_nothing_is_wrong(native: Repo) -> None:
    assert wrong(native) == {}


@pytest.mark.parametrize("lacking", [["mariadb", "mysql"], ["mariadb", "mysql", "mariadbd", "mysqld"]])
def test_a_server_s_program_is_missing(native: Repo, tmp_path: Path, lacking: list[str]) -> None:
    """As after `apt-get install mariadb-server-core`, and without it."""
    need("mariadbd")
    native.edit(
        "compose.yaml", ".dev/compose/postgres.yaml, service: postgres", ".dev/compose/mysql.yaml, service: mysql"
    )
    native.edit("compose.yaml", "image: postgres:17", "image: mariadb:11")
    native.edit("dev.yaml", "budget: {memory: 512M", "budget: {memory: 999M")
    shutil.copy(
        REPO / "{{cookiecutter.repo_name}}/.stacks/database.mysql/.dev/compose/mysql.yaml", native.path / ".dev/compose"
    )
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in ("/usr/sbin", *os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*"):
            if program.name not in lacking and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    native.env["PATH"] = str(folder)
    hidden = [f"--bind /dev/null '{path}'" for name in lacking for path in Path("/usr").glob(f"*bin/{name}")]
    repo = mounted(native, " && mount ".join(hidden))
    assert list(wrong(repo)) == ["D42"]
    done = repo.fails(110, "dev.up")
    assert "mariadb-client" in done.hints[0]


def test_dev_up_that_fails_for_want_of_something_says_what_doctor_found(native: Repo, tmp_path: Path) -> None:
    repo = variable(CA_BUNDLE="{folder}/missing.pem")(native, tmp_path)
    repo.edit("dev.yaml", 'python: ">=3.11"', 'python: ">=3.99"')
    done = repo.fails(110, "dev.up")
    assert "Python >=3.99" in done.error
    assert [hint for hint in done.hints if hint.startswith("D29 CA_BUNDLE=")], done.hints
    assert not [hint for hint in done.hints if hint.startswith("D41")], "the error says it already"


# ---- with an engine


@pytest.fixture
def contained(native: Repo) -> Repo:
    del native.env["DOCKER_HOST"]
    native.env["DEV_ENGINE"] = "compose"
    native.env["DEV_NETWORK"] = f"devenv-{native.token}"
    if not has_engine():
        pytest.skip(NO_ENGINE)
    return native


@pytest.fixture
def refused(tmp_path: Path) -> dict[str, str]:
    """A client that says what Docker's says to a user who is not in its group."""
    said = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
    program = tmp_path / "bin/docker"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_a_user_without_the_group_docker(native: Repo, refused: dict[str, str]) -> None:
    native.env.update(refused, DEV_ENGINE="compose")
    done = native.fails(110, "dev.up")
    assert DOCKER_REFUSES in done.error
    assert done.hints[:2] == [
        "sudo usermod --append --groups docker $USER; then log in again",
        "or work without containers: DEV_ENGINE=native inv dev.up",
    ]
    del native.env["DEV_ENGINE"]
    assert list(wrong(native)) == ["D03"]
    assert "without containers, since Docker refuses this user" in native.run("dev.plan").stderr


PODMAN = """#!/bin/sh
case "$*" in
*Components*) echo "{version}|Podman Engine|Conmon" ;;
*) exec {docker} "$@" ;;
esac
"""


@pytest.mark.engine
@pytest.mark.parametrize(
    ("version", "lacking", "said"),
    [
        ("3.4.4", False, "Podman 3.4.4"),
        ("5.4.2", True, "the podman command, which builds images, is not on the path"),
    ],
)
def test_podman_that_cannot_be_used(contained: Repo, tmp_path: Path, version: str, lacking: bool, said: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(PODMAN.format(version=version, docker=shutil.which("docker")))
    (folder / "docker").chmod(0o755)
    contained.env["PATH"] = f"{folder}:{os.environ['PATH']}"
    repo = (
        mounted(contained, f"--bind /dev/null {shutil.which('podman')}")
        if lacking and shutil.which("podman")
        else contained
    )
    assert said in repo.run("dev.doctor").stdout
    assert list(wrong(repo)) == ["D01"]


# ---- an engine on another machine: it does not have the checkout


@pytest.mark.engine
@pytest.mark.parametrize("other", [False, True], ids=["no folder", "another folder"])
def test_an_engine_that_does_not_have_the_checkout(contained: Repo, tmp_path: Path, other: bool) -> None:
    """The checkout is on a file system that only the command sees; the engine sees what is below."""
    repo = distant(contained, tmp_path, other)
    place, apart = repo.path, repo.path.parent
    try:
        done = repo.fails(110, "dev.up")
        assert f"does not have the folder {place}" in done.error
        assert "unset DOCKER_HOST" in done.hints[0]
        assert list(wrong(repo)) == ["D04"]
        assert list(apart.rglob("*")) == ([place] if other else []), "an empty folder was made"
    finally:
        HELD.close()
        repo.run("dev.destroy", "--yes")
        machine.remove_by_force(repo.token)
