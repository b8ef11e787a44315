"""If anything is killed, the next dev.up notices and repairs it, and hand-made rows are still there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv.engines.native.supervisor import GRACE
from tests.messages import NOTHING_TO_DO

from .conftest import CACHE, STATE, Repo

COUNT = "SELECT count(*) FROM courses_course WHERE title = 'hand-made'"
INSERT = "INSERT INTO courses_course (code, title) VALUES ('hand-made', 'hand-made')"
MINE = f"DELETE FROM courses_course WHERE title = 'hand-made'; {INSERT}"
pytestmark = pytest.mark.xdist_group("native")


def record(repo: Repo, unit: str) -> dict[str, Any]:
    return dict(json.loads((repo.native / unit / "process.json").read_text()))


def kill(repo: Repo, unit: str) -> None:
    os.kill(record(repo, unit)["pid"], signal.SIGKILL)


def forget_processes(repo: Repo) -> None:
    for file in repo.native.glob("*/process.json"):
        file.unlink()


def pause(repo: Repo) -> None:
    """As by a debugger."""
    for pid, words in repo.processes().items():
        if "postgres" in words:
            os.kill(pid, signal.SIGSTOP)


def reboot(repo: Repo) -> None:
    """Everything is gone, and the numbers in the records are other processes' now: this very one's."""
    repo.kill_everything()
    for file in repo.native.glob("*/process.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "pid": os.getpid(), "birth": "another-boot/1"}))
    (repo.native / "db/postgres/postmaster.pid").write_text(f"{os.getpid()}\n{repo.native}/db/postgres\n")


def kill_keeper(repo: Repo) -> None:
    """The service goes on, healthy, and nothing keeps its logs short any more."""
    for pid, words in repo.processes().items():
        if "keeper.sh" in words:
            os.kill(pid, signal.SIGKILL)


FAULTS: dict[str, Callable[[Repo], None]] = {
    "app killed": lambda repo: kill(repo, "app"),
    "database server killed": lambda repo: kill(repo, "db"),
    "keeper killed": kill_keeper,
    "database server paused": pause,
    "everything killed": Repo.kill_everything,
    "records lost": forget_processes,
    "rebooted": reboot,
}


def test_every_fault_is_repaired_and_rows_stay(repo: Repo) -> None:
    repo.up()
    repo.sql(MINE)
    for name, fault in FAULTS.items():
        fault(repo)
        repo.up()
        assert repo.answers() == 200, name
        assert repo.sql(COUNT) == "1", name
        assert len([words for words in repo.processes().values() if "keeper.sh" in words]) == 1, name
    assert len([words for words in repo.processes().values() if "develop.py" in words]) == 2, "no duplicates"


def test_status_tells_what_died_with_its_last_line(repo: Repo) -> None:
    repo.up()
    kill(repo, "db")
    status = repo.run("dev.status").stdout
    assert "died; its last line:" in status


def test_dev_up_killed_at_any_step_is_taken_up_again(repo: Repo, tmp_path: Path) -> None:
    forget_data(repo)
    new = replace(repo, env={**repo.env, CACHE: str(cache_without_databases(repo, tmp_path))})
    # Each goes on where the one before was killed.
    for until in ("initdb", "postgres --single", "cp -Rp", "migrate", "seed", "develop.py"):
        start_and_kill(new, until)
    repo.up()
    assert repo.answers() == 200
    assert repo.sql("SELECT count(*) > 0 FROM courses_course") == "t"


def cache_without_databases(repo: Repo, folder: Path) -> Path:
    """A cache with the servers alone that were fetched."""
    (folder / "devenv").mkdir()
    (folder / "devenv/tools").symlink_to(Path(repo.env[CACHE]) / "devenv/tools")
    return folder


def forget_data(repo: Repo) -> None:
    repo.run("dev.down")
    shutil.rmtree(repo.env[STATE], ignore_errors=True)


def start_and_kill(repo: Repo, until: str) -> None:
    """SIGKILL to dev.up and its whole group, once it has told that it runs this command."""
    started = subprocess.Popen(
        repo.command("dev.up"), env=repo.env, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert started.stderr
    next(line for line in started.stderr if line.startswith("$") and until in line)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def test_a_port_that_somebody_has_is_113(repo: Repo) -> None:
    repo.run("dev.down")
    with socket.create_server(("127.0.0.1", repo.port)):
        assert f"port {repo.port} is taken" in repo.fails(113, "dev.up")


def test_a_database_port_that_somebody_took_is_changed(repo: Repo) -> None:
    repo.up()
    repo.run("dev.down")
    port = json.loads((repo.native / "ports.json").read_text())["db"]
    with socket.create_server(("127.0.0.1", port)):
        repo.up()
        assert json.loads((repo.native / "ports.json").read_text())["db"] != port
        assert repo.answers() == 200


def test_down_leaves_no_process_and_keeps_rows(repo: Repo) -> None:
    repo.up()
    repo.sql(MINE)
    pause(repo)
    started = time.monotonic()
    repo.ok("dev.down")
    assert time.monotonic() - started < GRACE, "it was killed"
    assert not repo.processes()
    repo.up()
    assert repo.sql(COUNT) == "1"


def test_nothing_is_done_where_all_is_well(repo: Repo) -> None:
    repo.up()
    before = {unit: record(repo, unit) for unit in ("app", "db")}
    assert NOTHING_TO_DO in repo.up().stderr
    assert {unit: record(repo, unit) for unit in ("app", "db")} == before


def test_the_app_reaches_itself_by_its_one_url(repo: Repo) -> None:
    repo.up()
    url = "import os, urllib.request as u; print(u.urlopen(os.environ['PUBLIC_URL'] + '/health').status)"
    assert repo.run("dev.run", "--", "python", "-c", url).stdout.strip() == "200"
    assert "catalog.localhost" not in Path("/etc/hosts").read_text()
