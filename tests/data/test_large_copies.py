"""A large database of PostgreSQL is copied as files, which share their blocks where the server and the disk can."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo
from tests.verbs.repo import Repo

from .power import is_possible, root

MB = 2**20
# 140 MB that are not compressed.
LARGE = (
    "CREATE TABLE large (line text)",
    "ALTER TABLE large ALTER line SET STORAGE PLAIN",
    "INSERT INTO large SELECT repeat(md5(n::text), 200) FROM generate_series(1, 18000) n",
)
ROWS = "SELECT count(*), min(line) = repeat(substr(min(line), 1, 32), 200) FROM large"


def written(repo: Repo) -> int:
    """How many bytes of log the server has written."""
    return int(repo.rows("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")[0])


def fill(repo: Repo) -> None:
    for statement in LARGE:
        repo.rows(statement)
    assert int(repo.rows("SELECT pg_database_size(current_database())")[0]) > 120 * MB


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_large_copy_does_not_go_through_the_log(up_repo: Repo) -> None:
    fill(up_repo)
    before = written(up_repo)
    made = up_repo.ok("dev.snapshot", "large", "--verbose")
    assert written(up_repo) - before < 30 * MB
    assert "TEMPLATE" in made.stderr
    assert ":strategy" not in made.stderr
    up_repo.rows("TRUNCATE large")
    up_repo.ok("dev.restore", "large")
    assert up_repo.rows(ROWS) == ["18000|t"]


@pytest.fixture
def newer(
    make_repo: MakeRepo, tmp_path: Path, link_environment: Callable[[Path], None], request: pytest.FixtureRequest
) -> Iterator[Repo]:
    """A service natively on PostgreSQL 18 whose data is in the folder `data`; a disk that clones with parameter xfs."""
    folder = tmp_path / "data"
    folder.mkdir()
    image = tmp_path / "image"
    if request.param == "xfs":
        with image.open("wb") as file:
            file.truncate(2 * 2**30)
        root("mkfs.xfs", "-q", str(image))
        root("mount", "-o", "loop", str(image), str(folder))
        folder.chmod(0o755)
    made = make_repo(database="postgres")
    link_environment(made.path)
    repo = replace(made, env={**made.env, "XDG_STATE_HOME": str(folder)})
    repo.edit("compose.yaml", "image: postgres:17", "image: postgres:18")
    try:
        repo.ok("dev.up")
        fill(repo)
        yield repo
        repo.ok("dev.destroy", "--yes")
    finally:
        if request.param == "xfs":
            root("umount", "--lazy", str(folder))


NEEDS_XFS = pytest.mark.skipif(
    not (is_possible() and shutil.which("mkfs.xfs")),
    reason="only root with loop devices and mkfs.xfs makes such a disk",
)


@pytest.mark.parametrize("engine", ["native"], indirect=True)
@pytest.mark.parametrize("newer", [pytest.param("xfs", marks=NEEDS_XFS)], indirect=True)
def test_a_large_copy_shares_its_blocks(newer: Repo) -> None:
    before = used(newer)
    newer.ok("dev.snapshot", "large")
    assert used(newer) - before < 40 * MB
    newer.rows("UPDATE large SET line = ''")
    newer.ok("dev.restore", "large")
    assert newer.rows(ROWS) == ["18000|t"]


@pytest.mark.parametrize("engine", ["native"], indirect=True)
@pytest.mark.parametrize("newer", [""], indirect=True)
def test_a_disk_that_cannot_share_blocks_gets_a_plain_copy(newer: Repo, tmp_path: Path) -> None:
    """The folder of the database is on another file system than those of its copies, so no blocks can be shared."""
    name = newer.rows("SELECT oid FROM pg_database WHERE datname = current_database()")[0]
    newer.ok("dev.down")
    [folder] = Path(newer.env["XDG_STATE_HOME"]).rglob(f"base/{name}")
    away = tmp_path / "away"
    away.mkdir()
    root("mount", "-t", "tmpfs", "tmpfs", str(away))
    try:
        shutil.copytree(folder, away / name)
        move(folder, away / name)
        newer.ok("dev.up")
        made = newer.ok("dev.snapshot", "large", "--verbose")
        assert made.stderr.count("-- CREATE DATABASE") == 2
        newer.rows("TRUNCATE large")
        newer.ok("dev.restore", "large")
        assert newer.rows(ROWS) == ["18000|t"]
    finally:
        newer.ok("dev.destroy", "--yes")
        root("umount", "--lazy", str(away))


def move(folder: Path, target: Path) -> None:
    """Put a link in the place of a folder."""
    root("chown", "-R", "--reference", str(folder), str(target))
    shutil.rmtree(folder)
    folder.symlink_to(target)


def used(repo: Repo) -> int:
    """Bytes that are in use on the disk of its data."""
    argv = ["df", "--output=used", "--block-size=1", repo.env["XDG_STATE_HOME"]]
    subprocess.run(["sync"], check=True)
    return int(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[1])
