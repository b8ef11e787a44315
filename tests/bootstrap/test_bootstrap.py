"""The tool's own venv: made with whatever the machine has, once, and repaired after any interruption."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import python_of
from tests.messages import MAKING_TOOL_ENVIRONMENT, OR_NEWER

DEV = Path(__file__).resolve().parents[2] / "devenv"
BOOTSTRAP = DEV / "bootstrap.py"
REQUIREMENTS = DEV / "requirements.txt"
BASE_PYTHON = os.path.realpath(sys._base_executable)
UV = Path(sys.executable).parent / "uv"
UNREACHABLE = "http://127.0.0.1:9/simple"


class Machine(NamedTuple):
    """What a machine offers: a python, and a PATH that holds it and perhaps uv."""

    python: str
    path: Path

    def start(self, venv: Path, requirements: Path = REQUIREMENTS, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.python, "-I", BOOTSTRAP, venv, requirements],
            env={**os.environ, "PATH": str(self.path), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def bootstrap(self, venv: Path, requirements: Path = REQUIREMENTS, **env: str) -> tuple[int, str]:
        started = self.start(venv, requirements, **env)
        output, _ = started.communicate(timeout=300)
        return started.returncode, output


def offline(cache: Path) -> dict[str, str]:
    """No index answers, nothing is cached, and no configuration of this machine helps out."""
    return {
        "PIP_INDEX_URL": UNREACHABLE,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_CACHE_DIR": str(cache),
        "UV_DEFAULT_INDEX": UNREACHABLE,
        "UV_HTTP_RETRIES": "0",
        "UV_CACHE_DIR": str(cache),
    }


def folder_with(folder: Path, **programs: str | Path) -> Path:
    """A folder for PATH that holds these programs and no others."""
    folder.mkdir(parents=True)
    for name, program in programs.items():
        (folder / name).symlink_to(program)
    return folder


def python_without_ensurepip(home: Path) -> str:
    """A Python of its own home, which lends all of this one's library but ensurepip: as Debian splits it up."""
    library = Path(sysconfig.get_path("stdlib"))
    own = home / "lib" / library.name
    (own / "site-packages").mkdir(parents=True)
    for entry in library.iterdir():
        if entry.name not in ("ensurepip", "site-packages", "dist-packages"):
            (own / entry.name).symlink_to(entry)
    for shared in library.parent.glob("libpython*"):
        (home / "lib" / shared.name).symlink_to(shared)
    (home / "bin").mkdir()
    python = shutil.copy(BASE_PYTHON, home / "bin" / library.name)
    assert subprocess.run([python, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 1
    return str(python)


@pytest.fixture
def with_uv(tmp_path: Path) -> Machine:
    return Machine(BASE_PYTHON, folder_with(tmp_path / "path", uv=UV))


@pytest.fixture
def with_pip(tmp_path: Path) -> Machine:
    return Machine(BASE_PYTHON, folder_with(tmp_path / "path"))


@pytest.fixture
def with_neither(tmp_path: Path) -> Machine:
    return Machine(python_without_ensurepip(tmp_path / "home"), folder_with(tmp_path / "path"))


@pytest.fixture(params=["with_uv", "with_pip", "with_neither"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return request.getfixturevalue(request.param)


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    return tmp_path / "a place" / "with spaces"


def works(venv: Path) -> bool:
    command = [venv / "bin/python", "-I", "-c", "import invoke, psutil, yaml; print(invoke.__file__)"]
    return Path(subprocess.check_output(command, text=True)).is_relative_to(venv)


def is_complete(venv: Path) -> bool:
    return (venv / "requirements.txt").read_bytes() == REQUIREMENTS.read_bytes() and works(venv)


def test_every_machine_gets_the_same_environment(machine: Machine, venv: Path) -> None:
    code, output = machine.bootstrap(venv)
    assert (code, output) == (0, f"{MAKING_TOOL_ENVIRONMENT} {venv} (once) …\n")
    assert is_complete(venv)


@pytest.fixture
def foreign(tmp_path: Path) -> dict[str, str]:
    """Settings meant for another environment, none of which may matter."""
    elsewhere = str(tmp_path / "elsewhere")
    return {
        "PYTHONHOME": elsewhere,
        "PYTHONPATH": elsewhere,
        "VIRTUAL_ENV": elsewhere,
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_TARGET": elsewhere,
        "PIP_USER": "1",
        "PIP_CONSTRAINT": str(tmp_path / "no such file"),
        "UV_SYSTEM_PYTHON": "1",
        "UV_PYTHON": "2.7",
        "UV_CONSTRAINT": str(tmp_path / "no such file"),
    }


def test_settings_for_another_environment_do_not_matter(
    machine: Machine, venv: Path, foreign: dict[str, str], tmp_path: Path
) -> None:
    code, output = machine.bootstrap(venv, **foreign)
    assert code == 0, output
    assert is_complete(venv)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("machine", ["with_pip"], indirect=True)
def test_a_pip_that_installs_elsewhere_is_reported(machine: Machine, venv: Path, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(f"[install]\ntarget = {tmp_path / 'elsewhere'}\n")
    code, output = machine.bootstrap(venv, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert code == 110
    assert "error[110]: the tool environment could not be made: pip did not install into it" in output
    assert not (venv / "requirements.txt").exists()


def test_a_package_with_another_hash_is_refused(machine: Machine, venv: Path, tmp_path: Path) -> None:
    tampered = tmp_path / "requirements.txt"
    tampered.write_text("invoke==3.0.3 --hash=sha256:" + "0" * 64 + "\n")
    code, output = machine.bootstrap(venv, tampered)
    assert code == 110
    assert "error[110]: " in output
    assert "hash" in output.lower()
    assert not (venv / "requirements.txt").exists()


def test_without_a_network_it_says_what_to_look_at(machine: Machine, venv: Path, tmp_path: Path) -> None:
    code, output = machine.bootstrap(venv, **offline(tmp_path / "cache"))
    assert code == 110
    assert len([line for line in output.splitlines() if line.startswith("error[110]: ")]) == 1
    assert "hint: " in output
    assert "Traceback" not in output


def test_a_second_run_finds_it_done(with_uv: Machine, venv: Path) -> None:
    with_uv.bootstrap(venv)
    before = (venv / "pyvenv.cfg").stat().st_ino
    assert with_uv.bootstrap(venv) == (0, "")
    assert (venv / "pyvenv.cfg").stat().st_ino == before


def test_of_two_at_once_one_makes_it_and_the_other_waits(with_uv: Machine, venv: Path) -> None:
    runs = [with_uv.start(venv), with_uv.start(venv)]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    waited = "waiting for another command that makes the tool environment …\n"  # after a second, on a slow machine
    made, other = sorted(outputs, key=lambda text: MAKING_TOOL_ENVIRONMENT not in text)
    assert made == f"{MAKING_TOOL_ENVIRONMENT} {venv} (once) …\n"
    assert other in ("", waited)
    assert is_complete(venv)


def wait_for(pattern: str, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern} in {folder}"


@pytest.mark.parametrize("whole_group", [False, True], ids=["process", "group"])
@pytest.mark.parametrize("sign", ["*.lock", "*/pyvenv.cfg", "*/lib/*/site-packages/*", "*/lib/*/site-packages/yaml"])
def test_killed_at_any_moment_the_next_run_repairs(with_uv: Machine, venv: Path, sign: str, whole_group: bool) -> None:
    killed = with_uv.start(venv)
    wait_for(sign, venv.parent)
    if whole_group:
        os.killpg(killed.pid, signal.SIGKILL)
    else:
        killed.kill()
    killed.wait()
    code, output = with_uv.bootstrap(venv)
    assert code == 0, output
    assert is_complete(venv)


def test_a_python_that_an_upgrade_took_away_is_replaced(with_uv: Machine, venv: Path) -> None:
    with_uv.bootstrap(venv)
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/nonexistent/python3.8")
    assert with_uv.bootstrap(venv)[0] == 0
    assert is_complete(venv)


def test_other_folders_are_not_touched(with_uv: Machine, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    for _ in range(2):
        code, output = with_uv.bootstrap(precious)
        assert (code, "in the way" in output) == (110, True)
    assert (precious / "thesis.txt").read_text() == "years of work"


# ---- the form that chooses the place itself


def in_folder(machine: Machine, folder: Path, requirements: Path = REQUIREMENTS, **env: str) -> tuple[int, str, str]:
    command = [machine.python, "-I", BOOTSTRAP, "--in", folder, requirements]
    env = {**os.environ, "PATH": str(machine.path), **env}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout.rstrip("\n"), done.stderr


def test_equal_requirements_share_a_place_that_is_printed(with_uv: Machine, tmp_path: Path) -> None:
    folder, copy = tmp_path / "a place", tmp_path / "copy.txt"
    shutil.copy(REQUIREMENTS, copy)
    code, place, told = in_folder(with_uv, folder)
    assert (code, told) == (0, f"{MAKING_TOOL_ENVIRONMENT} {place} (once) …\n")
    assert Path(place).parent == folder
    assert sysconfig.get_config_var("SOABI") in Path(place).name
    assert is_complete(Path(place))
    assert in_folder(with_uv, folder, copy) == (0, place, "")
    copy.write_text("# other\n")
    assert in_folder(with_uv, folder, copy)[1] != place


@pytest.mark.parametrize("gone", ["invoke", "yaml/__init__.py", "*"])
def test_an_environment_that_lacks_files_is_rebuilt(with_uv: Machine, tmp_path: Path, gone: str) -> None:
    place = Path(in_folder(with_uv, tmp_path)[1])
    for path in list(place.glob(f"lib/*/site-packages/{gone}")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, again, told = in_folder(with_uv, tmp_path)
    assert (code, Path(again)) == (0, place)
    assert told == f"{MAKING_TOOL_ENVIRONMENT} {place} (again, since files of it are damaged) …\n"
    assert is_complete(place)


def test_a_complete_one_is_found_without_writing(with_uv: Machine, tmp_path: Path) -> None:
    place = Path(in_folder(with_uv, tmp_path / "all")[1])
    place.with_name(f"{place.name}.lock").unlink()
    before = sorted(str(path) for path in (tmp_path / "all").rglob("*"))
    assert in_folder(with_uv, tmp_path / "all") == (0, str(place), "")
    assert sorted(str(path) for path in (tmp_path / "all").rglob("*")) == before


@pytest.mark.parametrize("machine", ["with_uv", "with_pip"], indirect=True)
def test_the_index_of_pip_counts_and_a_failed_environment_is_removed(machine: Machine, tmp_path: Path) -> None:
    asked: list[str] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Not on the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index = f"http://ann:secret@127.0.0.1:{server.server_port}/simple"
        env = {**offline(tmp_path / "cache"), "PIP_INDEX_URL": index}
        env = {name: value for name, value in env.items() if name != "UV_DEFAULT_INDEX"}
        code, place, told = in_folder(machine, tmp_path / "all", **env)
        server.shutdown()
    assert (code, place) == (110, "")
    assert len(set(asked)) >= 1
    assert all(path.startswith("/simple/") for path in asked)
    assert told.count("error[110]: ") == 1
    assert "secret" not in told
    assert "invoke 3" in told
    assert not [path for path in (tmp_path / "all").iterdir() if path.is_dir()]


BARE_DEBIAN = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 ca-certificates
"""


@pytest.fixture
def bare_debian() -> Iterator[str]:
    """An image with a real Python that has no ensurepip, no pip and no uv."""
    build = ["docker", "build", "-q", "-"]
    image = subprocess.run(build, input=BARE_DEBIAN, capture_output=True, text=True, check=True).stdout.strip()
    yield image
    subprocess.run(["docker", "image", "rm", "-f", image], capture_output=True, check=False)


@pytest.mark.engine
def test_on_a_debian_without_python3_venv(bare_debian: str) -> None:
    ca = os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    script = [
        "! python3 -c 'import ensurepip' 2>/dev/null",
        "python3 -I /dev-src/bootstrap.py /tmp/v /dev-src/requirements.txt",
        "/tmp/v/bin/python -I -c 'import invoke, psutil, yaml'",
        "cmp /tmp/v/requirements.txt /dev-src/requirements.txt",
    ]
    mounts = ["-v", f"{DEV}:/dev-src:ro", "-v", f"{ca}:/ca.pem:ro"]
    settings = ["-e", "SSL_CERT_FILE=/ca.pem", "-e", "PIP_INDEX_URL"]
    command = ["docker", "run", "--rm", "--init", *mounts, *settings, bare_debian, "sh", "-c", " && ".join(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, f"{MAKING_TOOL_ENVIRONMENT} /tmp/v (once) …\n")


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9"])
def test_the_set_up_of_the_template_names_the_python_that_it_needs(tmp_path: Path, version: str) -> None:
    """At once, and without a hint about the network."""
    path = folder_with(tmp_path / "bin", python3=python_of(version))
    for name in ("Makefile", "requirements.txt", "devenv"):
        (tmp_path / name).symlink_to(DEV.parent / name)
    env = {"PATH": f"{path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(["make", "venv"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.stderr.splitlines()[:2] == [
        f"error[110]: Python 3.10 {OR_NEWER}, {path}/python3 is {version}",
        "hint: put a newer python3 first on the path: export PATH=FOLDER:$PATH",
    ]
    assert not (tmp_path / ".venv").exists()


def test_one_that_was_moved_is_made_again(with_uv: Machine, venv: Path, tmp_path: Path) -> None:
    """Its programs have the old path in their first line: `cookiecutter: not found`."""
    with_uv.bootstrap(venv)
    moved = venv.rename(tmp_path / "moved")
    code, said = with_uv.bootstrap(moved)
    assert (code, "(again, since it was moved)" in said) == (0, True), said
    assert str(moved) in (moved / "bin/invoke").read_text()
    assert subprocess.check_output([moved / "bin/invoke", "--version"], text=True).startswith("Invoke")
    assert with_uv.bootstrap(moved) == (0, "")
