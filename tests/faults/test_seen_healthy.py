"""`dev.up` ends with 0 only after it has seen all checks pass and the page answer."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.messages import NOTHING_TO_DO
from tests.verbs.fixtures import COMPOSE, ENGINES
from tests.verbs.repo import Repo

MIGRATED = """
  job:
    build: {context: ., target: dev}
    command: python -c "print('done')"
    mem_limit: 64m
"""


def is_well(repo: Repo) -> bool:
    repo.ok("dev.up")
    status = repo.status()
    return bool(status["healthy"]) and repo.steps() == [] and repo.fetch("/health")[0] == 200


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def container(repo: Repo, service: str) -> str:
    labels = (("project.working_dir", str(repo.path)), ("service", service), ("oneoff", "False"))
    filters = [word for name, value in labels for word in ("--filter", f"label=com.docker.compose.{name}={value}")]
    [found] = docker("ps", "--all", "--quiet", *filters).split()
    return found


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_healthcheck_that_never_passes(breakable: Repo) -> None:
    breakable.edit("compose.yaml", "import os, socket", "assert 0; import os, socket")
    breakable.edit("dev.yaml", "ready: 60s", "ready: 4s")
    for _ in range(3):
        assert "app" in breakable.fails(112, "dev.up").error
    breakable.edit("compose.yaml", "assert 0; import os, socket", "import os, socket")
    breakable.edit("dev.yaml", "ready: 4s", "ready: 60s")
    assert is_well(breakable)


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_each_check_runs_once(breakable: Repo) -> None:
    """However old the last result is. In containers the engine runs it too, so there it cannot be counted."""
    counted = "well = s.recv(12)[9:] == b\"200\"; well and open('checks', 'a').write('x'); raise SystemExit(not well)"
    breakable.edit("compose.yaml", 'raise SystemExit(s.recv(12)[9:] != b"200")', counted)
    breakable.ok("dev.up")
    breakable.ok("dev.down")
    (breakable.path / "checks").unlink()
    breakable.ok("dev.up")
    assert (breakable.path / "checks").read_text() == "x"
    [verdict] = Path(os.environ["XDG_STATE_HOME"]).rglob(f"{breakable.token}/native/app/healthy")
    for age in (0, 3600):
        (breakable.path / "checks").unlink()
        os.utime(verdict, (time.time() - age,) * 2)
        assert NOTHING_TO_DO in breakable.ok("dev.up").stderr
        assert (breakable.path / "checks").read_text() == "x"


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
@pytest.mark.parametrize("service", ["app", "db"])
def test_a_service_that_is_paused(running: Repo, service: str) -> None:
    docker("pause", container(running, service))
    assert running.status()["healthy"] is False
    assert is_well(running)


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_a_service_that_is_cut_from_the_network_of_the_workspace(running: Repo) -> None:
    docker("network", "disconnect", running.env["DEV_NETWORK"], container(running, "app"))
    assert running.status()["healthy"] is False
    assert is_well(running)
    assert running.env["DEV_NETWORK"] in docker("inspect", container(running, "app"))


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_networks_that_were_removed(running: Repo) -> None:
    running.ok("dev.down")
    for network in docker("network", "ls", "--format", "{{.Name}}").split():
        if running.token in network:
            docker("network", "rm", network)
    assert is_well(running)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_an_app_that_hangs_is_restarted_once(running: Repo) -> None:
    """A stopped process still holds its port, and the last result of its healthcheck may be half a minute old."""
    if running.env["DEV_ENGINE"] == "compose":
        docker("exec", "--user", "root", container(running, "app"), "sh", "-c", "kill -STOP -1")
    else:
        for process in Path("/proc").glob("[0-9]*"):
            if is_app(process, running.path):
                os.kill(int(process.name), signal.SIGSTOP)
    assert is_well(running)


def is_app(process: Path, repo: Path) -> bool:
    try:
        return process.joinpath("cwd").readlink() == repo and b"runserver" in (process / "cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_job_that_others_wait_for(breakable: Repo) -> None:
    breakable.edit("compose.yaml", "    depends_on:\n", "    depends_on:\n      job: {condition: COMPLETED}\n")
    breakable.edit("compose.yaml", "COMPLETED", "service_completed_successfully")
    breakable.edit("compose.yaml", "\nvolumes:", f"{MIGRATED}\nvolumes:")
    assert is_well(breakable)
    assert NOTHING_TO_DO in breakable.ok("dev.up").stderr
    breakable.ok("dev.down")
    assert is_well(breakable)
