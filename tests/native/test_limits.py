"""A full disk, an app that never answers, an app that never stops talking."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import until
from tests.messages import NOT_HEALTHY_WITHIN

from . import stacks
from .conftest import Make

pytestmark = pytest.mark.xdist_group("native-small")
DATABASE = "  db:\n    image: postgres:17\n    environment: {POSTGRES_PASSWORD: secret}\n"
HANG = "import time; print('I hang', flush=True); time.sleep(1000)"
ROOM = 12 * 2**20  # what a cut log may have grown to when it is looked at


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk on which no database has room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "devenv-test", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_reported_and_repaired_once_there_is_room(small_disk: Path, small: Make) -> None:
    repo = small(stacks.compose(others=DATABASE), stacks.PYTHON, stacks.files(), small_disk)
    assert "No space left on device" in repo.fails(112, "dev.up")
    subprocess.run(["mount", "-o", "remount,size=300m", small_disk], check=True)
    repo.up()
    assert repo.sql("SELECT 1") == "1"
    fill(small_disk)
    repo.run("dev.down")
    assert "Traceback" not in repo.run("dev.up").stderr
    (small_disk / "filler").unlink()
    repo.up()
    assert repo.sql("SELECT 1") == "1"


def fill(folder: Path) -> None:
    with (folder / "filler").open("ab", buffering=0) as filler:
        for size in (2**20, 2**12):
            with suppress(OSError):
                while True:
                    filler.write(bytes(size))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_on_which_the_database_does_not_start_is_pruned(small_disk: Path, small: Make) -> None:
    subprocess.run(["mount", "-o", "remount,size=300m", small_disk], check=True)
    repo = small(stacks.compose(others=DATABASE), stacks.PYTHON, stacks.files(), small_disk)
    repo.up()
    repo.sql("CREATE TABLE rows_of_mine AS SELECT 7 AS n")
    repo.run("dev.snapshot", "kept")
    repo.run("dev.down")
    logs = list(repo.native.glob("*/log"))
    for log in logs:
        log.unlink()
    fill(small_disk)
    stuck = repo.fails(112, "dev.state", "prune", "--yes")
    assert "its stored states stay (snapshot kept)" in stuck
    assert f"hint: df -h {small_disk}" in stuck
    (small_disk / "filler").unlink()
    left = repo.native.parent / "states/native/0a1b.new"  # the dump of a command that was killed
    left.mkdir(parents=True)
    (left / "dump").write_bytes(bytes(40 * 2**20))
    fill(small_disk)
    freed = repo.run("dev.state", "prune", "--yes")
    assert freed.returncode == 0, freed.stderr
    assert "freed 40 MB without it" in freed.stderr
    assert repo.sql("SELECT n FROM rows_of_mine") == "7"
    repo.up()


def test_an_app_that_never_answers_is_112_with_its_last_line(small: Make) -> None:
    repo = small(stacks.compose("python hang.py"), stacks.PYTHON, {"hang.py": HANG})
    repo_config = repo.root / "dev.yaml"
    repo_config.write_text(repo_config.read_text().replace("20s", "2s"))
    said = repo.fails(112, "dev.up")
    assert f"app {NOT_HEALTHY_WITHIN} 2 s" in said
    assert "I hang" in said


def test_the_log_of_an_app_that_never_stops_is_cut(small: Make) -> None:
    repo = small(stacks.compose(), stacks.PYTHON, stacks.files())
    repo.up()
    log = repo.native / "app/log"
    filler = b"x" * 999 + b"\n"
    with log.open("ab", buffering=0) as writer:
        for _ in range(20):
            writer.write(filler * 1000)
        assert until(lambda: log.stat().st_size < ROOM)

        def goes_on() -> bool:  # a line may be lost that is written in the moment of a cut
            writer.write(b"and on\n")
            return log.read_bytes().endswith(b"and on\n")

        assert until(goes_on)
