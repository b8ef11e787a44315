"""Conditions of a machine, each provoked for real: `dev.doctor` names it, and only it, with a fix."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NO_ENGINE, REPO, has_engine, need
from tests.messages import DOCKER_REFUSES
from tests.verbs import machine
from tests.verbs.repo import Repo

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
OURS = ("CA_BUNDLE", "SSL_CERT_FILE", *PROXIES, *map(str.upper, PROXIES))


class Mounted(Repo):
    """A repo whose commands see another file system somewhere. `how`: what `mount` is called with."""

    how = ""

    def argv(self, *words: str, door: str = "run") -> list[str]:
        run = f"mount {self.how} && cd '{self.path}' && exec \"$@\""
        return ["unshare", "--mount", "sh", "-c", run, "sh", *super().argv(*words, door=door)]

    def start(self, *words: str, cwd: Path | None = None, **how: Any) -> subprocess.Popen[str]:
        return super().start(*words, cwd=cwd or Path("/"), **how)  # what is mounted is not there yet


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


def mounted(repo: Repo, how: str) -> Repo:
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    other = Mounted(repo.path, repo.token, repo.env)
    other.how = how
    return other


def wrong(repo: Repo) -> dict[str, str]:
    """What is wrong, by its code: the fix."""
    findings = repo.run("dev.doctor", "--json").json()
    assert all(bool(each["fix"]) != each["ok"] for each in findings), findings
    return {each["code"]: each["fix"] for each in findings if not each["ok"]}


def git_of(version: str) -> Callable[[Repo, Path], Repo]:
    def old(repo: Repo, folder: Path) -> Repo:
        real = shutil.which("git")
        program = folder / "bin/git"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\n[ "$*" = --version ] && echo git version {version} && exit\nexec {real} "$@"\n')
        program.chmod(0o755)
        repo.env["PATH"] = f"{program.parent}:{os.environ['PATH']}"
        return repo

    return old


def variable(**more: str) -> Callable[[Repo, Path], Repo]:
    def given(repo: Repo, folder: Path) -> Repo:
        (folder / "words.txt").write_text("no certificate\n")
        repo.env.update({name: value.format(folder=folder) for name, value in more.items()})
        return repo

    return given


def edited(name: str, old: str, new: str) -> Callable[[Repo, Path], Repo]:
    def edit(repo: Repo, folder: Path) -> Repo:
        repo.edit(name, old, new)
        return repo

    return edit


def full_temporary(repo: Repo, folder: Path) -> Repo:
    (folder / "tmp").mkdir()
    repo.env["TMPDIR"] = str(folder / "tmp")
    return mounted(repo, f"-t tmpfs -o size=1m tmpfs '{folder}/tmp'")


def read_only(repo: Repo, folder: Path) -> Repo:
    (repo.path / ".dev/local").mkdir(exist_ok=True)
    return mounted(repo, f"--bind '{repo.path}' '{repo.path}' && mount -o remount,ro,bind '{repo.path}'")


def read_only_state(repo: Repo, folder: Path) -> Repo:
    (folder / "state").mkdir()
    return mounted(repo, f"-t tmpfs -o ro tmpfs '{folder}/state'")


CONDITIONS = {
    "D24": full_temporary,
    "D25": read_only,
    "D26": read_only_state,
    "D27": git_of("2.20.1"),
    "D28": edited("dev.yaml", "budget: {memory: 512M", "budget: {memory: 99999G"),
    "D29 missing": variable(CA_BUNDLE="{folder}/missing.pem"),
    "D29 no certificate": variable(SSL_CERT_FILE="{folder}/words.txt"),
    "D41": edited("dev.yaml", 'python: ">=3.11"', 'python: ">=3.99"'),
    "D39": variable(https_proxy="http://:3128"),
    "D13": edited("compose.yaml", 'ports: ["127.0.0.1:', 'ports: ["0.0.0.0:'),
    "D15": edited("dev.yaml", "budget: {memory: 512M", "budget: {memory: 100M"),
    "D18": edited(
        "compose.yaml", "    image: postgres:17\n", "    image: postgres:17\n    command: postgres -cfsync=off\n"
    ),
}


def test_nothing_is_wrong(native: Repo) -> None:
    assert wrong(native) == {}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_it_is_named_and_only_it(native: Repo, tmp_path: Path, condition: str) -> None:
    repo = CONDITIONS[condition](native, tmp_path)
    assert list(wrong(repo)) == [condition[:3]]


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


def closed_files(repo: Repo, folder: Path) -> Repo:
    repo.edit("Dockerfile", "COPY --chmod=755 . .", "COPY . .")
    for path in repo.path.iterdir():
        path.chmod(path.stat().st_mode & 0o700)
    return repo


WITH_ENGINE = {
    "D38": variable(http_proxy="http://127.0.0.1:3128"),
    "D39": variable(HTTP_PROXY="http://"),
    "D40": closed_files,
    "D28": CONDITIONS["D28"],
    "D50": variable(DOCKER_DEFAULT_PLATFORM="linux/riscv64"),
}


@pytest.mark.engine
@pytest.mark.parametrize("condition", WITH_ENGINE)
def test_it_is_named_and_only_it_in_containers(contained: Repo, tmp_path: Path, condition: str) -> None:
    assert wrong(contained) == {}
    repo = WITH_ENGINE[condition](contained, tmp_path)
    assert list(wrong(repo)) == [condition[:3]]


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


@contextmanager
def forwarded(path: str) -> Iterator[str]:
    """The address at which Docker's socket answers over TCP."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while some := source.recv(65536):
                target.sendall(some)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(path)
                for ends in ((client, engine), (engine, client)):
                    threading.Thread(target=copy, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.engine
@pytest.mark.parametrize("other", [False, True], ids=["no folder", "another folder"])
def test_an_engine_that_does_not_have_the_checkout(contained: Repo, tmp_path: Path, other: bool) -> None:
    """The checkout is on a file system that only the command sees; the engine sees what is below."""
    apart, real = tmp_path / "apart", tmp_path / "real"
    shutil.move(contained.path, real)
    place = apart / contained.path.name
    (place if other else apart).mkdir(parents=True)
    how = f"-t tmpfs tmpfs '{apart}' && mkdir '{place}' && mount --bind '{real}' '{place}'"
    repo = mounted(replace(contained, path=place), how)
    with forwarded("/var/run/docker.sock") as repo.env["DOCKER_HOST"]:
        try:
            done = repo.fails(110, "dev.up")
            assert f"does not have the folder {place}" in done.error
            assert "unset DOCKER_HOST" in done.hints[0]
            assert list(wrong(repo)) == ["D04"]
            assert list(apart.rglob("*")) == ([place] if other else []), "an empty folder was made"
        finally:
            repo.run("dev.destroy", "--yes")
            machine.remove_by_force(repo.token)
