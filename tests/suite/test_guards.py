"""Repositories that misbehave: the suite ends, reports it, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.suite.conftest import CHECK, check
from tests.verbs import machine

# A service in a few lines of shell: a web server in the background, and its process ID in the state.
MAKEFILE = """\
dev.up dev.down dev.status dev.logs dev.run dev.dbshell dev.test dev.migrate dev.seed dev.reset dev.destroy:
\t@sh dev.sh $@ $(value ARGS)
"""
SCRIPT = r"""
pid=$XDG_STATE_HOME/pid task=$1; shift
url=http://naughty.localhost:$DEV_PORT
up() { [ -e "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; }
answer() {
    printf '{"service": "naughty", "url": "%s", "internal_url": "%s", "healthy": true, "data": ""}\n' "$url" "$url"
}
listens() { python3 -c "import socket; socket.create_connection(('127.0.0.1', $DEV_PORT))" 2>/dev/null; }
case $task in
dev.up)
    up || { python3 -m http.server --bind 127.0.0.1 "$DEV_PORT" >/dev/null 2>&1 & echo $! >"$pid"; }
    until listens; do :; done
    case $* in *--json*) answer ;; *) echo "$url" ;; esac ;;
dev.status) answer ;;
dev.down) up && kill "$(cat "$pid")"; rm -f "$pid" ;;
dev.destroy)
    case $* in *--yes*) ;; *) echo 'error[114]: add --yes' >&2; exit 114 ;; esac
    up && kill "$(cat "$pid")"; rm -f "$pid" ;;
esac
"""
FILES = {
    "Makefile": MAKEFILE,
    "dev.sh": SCRIPT,
    "dev.yaml": 'contract: "1.2"\nlevel: core\nservice: naughty\napp: app\nport: 18171\n',
    "compose.yaml": "services:\n  app:\n    build: .\n",
    "Dockerfile": "FROM python:3.13-slim AS prod\nUSER 10001:10001\n",
}

Naughty = Callable[..., Path]


@pytest.fixture
def naughty(tmp_path: Path) -> Naughty:
    """naughty("dev.status", "sleep 600"): the service, with `sleep 600` at the start of its dev.status."""

    def make(task: str, does: str) -> Path:
        repo = tmp_path / "naughty"
        repo.mkdir()
        for name, text in FILES.items():
            (repo / name).write_text(text)
        (repo / "dev.sh").write_text(
            SCRIPT.replace("case $task in", f"case $task in {task}) {does} ;; esac\ncase $task in", 1)
        )
        return repo

    return make


@pytest.fixture
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Checks afterwards that no folder of a run is left, and no process in one."""
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setenv("TMPDIR", str(runs))
    yield
    assert not list(runs.iterdir())
    assert not machine.processes_below(runs)


def command_lines() -> list[str]:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("task", "does", "must"),
    [
        ("dev.status", "sleep 600", "OUT-3"),
        ("dev.destroy", "read -r answer", "OUT-3"),
        ("dev.status", "true >../next", "CFG-3"),
        ("dev.status", 'true >"$HOME/.naughty"', "CFG-3"),
        ("dev.down", "exit 0", "CMD-4"),
        ("dev.destroy", "(setsid sleep 600 &) >/dev/null 2>&1 </dev/null", "CMD-5"),
    ],
    ids=["hangs", "asks", "writes next to the checkout", "writes into the home", "does not stop", "leaves a process"],
)
def test_misbehaviour_is_reported(naughty: Naughty, task: str, does: str, must: str) -> None:
    found = check(naughty(task, does), "--only", must, "--patience", "0.05")
    assert found.broken == {must}, found.report


@pytest.mark.usefixtures("nothing_left")
def test_a_flood_is_cut(naughty: Naughty) -> None:
    found = check(naughty("dev.down", "yes | head -c 200000000 >&2"), "--only", "CMD-4")
    assert found.broken == set()
    assert len(found.stderr) < 10_000


@pytest.mark.usefixtures("nothing_left")
def test_sigterm_removes_everything(naughty: Naughty) -> None:
    argv = [sys.executable, str(CHECK), str(naughty("dev.down", "sleep 600")), "--only", "CMD-4"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as checking:
        assert checking.stderr
        assert any("down stops" in line for line in checking.stderr)
        deadline = time.monotonic() + 60
        while not [line for line in command_lines() if line == "sleep 600"] and time.monotonic() < deadline:
            os.sched_yield()
        checking.send_signal(signal.SIGTERM)
        checking.stderr.read()
    assert checking.returncode == 130


def test_the_checkout_is_never_written_to(naughty: Naughty) -> None:
    repo = naughty("dev.up", "echo changed >>left.txt")
    before = {path.name: path.read_bytes() for path in repo.iterdir()}
    found = check(repo, "--only", "CMD-2")
    assert found.with_status("kept") == {"CMD-2"}
    assert {path.name: path.read_bytes() for path in repo.iterdir()} == before
