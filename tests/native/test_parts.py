"""The decisions of the native engine that need no process."""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devenv.base import process, records, system
from devenv.engines.interface import Place
from devenv.engines.native import addresses, app_environment, folders, logs, processes, programs, supervisor
from devenv.engines.native.servers import BY_PROGRAM, postgres
from devenv.model import env_file
from tests.conftest import until


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ((3, 11, 2), ">=3.11", True),
        ((3, 10, 9), ">=3.11", False),
        ((3, 13, 0), ">=3.11,<3.13", False),
        ((3, 12, 7), "~=3.11", True),
        ((4, 0, 0), "~=3.11", False),
        ((22, 1, 0), ">=20", True),
        ((3, 11, 2), "==3.11.*", True),
        ((3, 11, 2), "==3.11", True),
        ((3, 12, 0), "==3.11", False),
        ((3, 12, 0), ">=3.11,!=3.12.0", False),
    ],
)
def test_a_version_fits_what_dev_yaml_wants(version: tuple[int, ...], wanted: str, fits: bool) -> None:
    assert app_environment.fits(version, wanted) is fits


@pytest.mark.parametrize(("wanted", "chosen"), [(17, 17), (16, 17), (14, 15), (19, 18), (0, 18)])
def test_the_nearest_major_version_is_taken(wanted: int, chosen: int) -> None:
    here = [programs.Programs("PostgreSQL", major) for major in (15, 17, 18)]
    best = programs.best(here, wanted)
    assert best
    assert best.major == chosen
    assert bool(best.differs(wanted)) == (wanted not in (0, chosen))


def test_a_program_that_is_a_candidate_already_is_not_started_for_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian has a link in /usr/bin to the server of a folder that is looked at anyway."""
    folder, started = tmp_path / "postgresql" / "15" / "bin", tmp_path / "started"
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\ntouch {started}\necho 'postgres (PostgreSQL) 15.4'\n")
        (folder / name).chmod(0o755)
    path = tmp_path / "bin"
    path.mkdir()
    (path / "postgres").symlink_to(folder / "postgres")
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")

    monkeypatch.setattr(postgres, "FOLDERS", (f"{tmp_path}/postgresql/*/bin",))
    assert [found.major for found in postgres._found(17)] == [15, 17, 18]
    assert not started.exists()

    monkeypatch.setattr(postgres, "FOLDERS", ())
    assert [found.major for found in postgres._found(17)] == [15, 17, 18]
    assert started.exists()


def entry(pid: int, parent: int, session: int, boot: str = "boot") -> processes.Entry:
    return processes.Entry(pid, parent, session, f"{boot}/{pid}")


def test_a_family_holds_children_and_the_whole_session() -> None:
    seen = {
        e.pid: e for e in [entry(10, 1, 10), entry(11, 10, 10), entry(12, 11, 12), entry(13, 1, 12), entry(99, 1, 99)]
    }
    assert processes.family(seen, {10}) == {10, 11, 12, 13}


def test_one_process_alone_is_what_a_look_at_all_says_of_it() -> None:
    here = os.getpid()
    assert system.only(here) == {here: system.look()[here]}
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert system.only(ended.pid) == {}


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([entry(10, 1, 10)], {10}),
        ([entry(11, 1, 10)], {11}),  # the first process died, its session lives
        ([entry(11, 1, 10, "other boot")], set()),
        ([processes.Entry(10, 1, 10, "boot/999"), entry(11, 10, 10)], set()),  # the number is another process's now
        ([], set()),
    ],
)
def test_a_record_leads_to_its_own_process_alone(seen: list[processes.Entry], found: set[int], tmp_path: Path) -> None:
    processes.write_record(tmp_path, processes.Record(10, "boot/10", "anything"))
    assert processes.heads(tmp_path, {e.pid: e for e in seen}) == found


# The first process ends at once; the second is adopted, and needs a moment to end in good order.
FAMILY = """
trap 'exit' TERM
sh -c 'trap "sleep 0.5; echo orderly >end; exit" TERM; echo up >ready; while :; do sleep 0.05; done' &
while :; do sleep 0.05; done
"""


def test_a_child_whose_parent_ended_first_is_waited_for(tmp_path: Path) -> None:
    mark = tmp_path / "step"
    process.spawn(["sh", "-c", FAMILY], {**os.environ, processes.MARK: str(mark)}, tmp_path / "log", tmp_path)
    assert until((tmp_path / "ready").exists)
    supervisor.end_marked(mark)
    assert (tmp_path / "end").read_text() == "orderly\n"
    assert processes.marked(system.look(), mark) == set()


def test_a_child_of_a_killed_keeper_does_not_count_as_the_keeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the mark, too. In a second it is gone, and then nothing would keep the logs short."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = Place(tmp_path, "main", "catalog", "app", "compose.yaml", "", {}, {}, {}, "", {}, "main-catalog")
    mark = folders.unit(place, supervisor.KEEPERS)
    with subprocess.Popen(["sleep", "60"], env={**os.environ, processes.MARK: str(mark)}) as orphan:
        supervisor.start_keeper(place, system.look())
        supervisor.start_keeper(place, system.look())
        started = processes.marked(system.look(), mark) - {orphan.pid}
        leaders = {entry.session for pid, entry in system.look().items() if pid in started}
        supervisor.end_keeper(place)
    assert len(leaders) == 1


def test_a_folder_is_removed_while_another_service_writes_names_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    records.write(records.Record("going", "main"))
    folder, over = folders.service("main", "going"), threading.Event()

    def write_names() -> None:
        for turn in itertools.takewhile(lambda _: not over.is_set(), itertools.count()):
            addresses.refresh("main", f"other-{turn % 2}")

    with ThreadPoolExecutor() as threads:
        writers = [threads.submit(write_names) for _ in range(3)]
        try:
            for _ in range(300):
                folder.mkdir(parents=True)
                (folder / "hosts").write_text("")
                folders.discard(folder)
                assert not folder.exists()
        finally:
            over.set()
    assert [writer.result() for writer in writers] == [None, None, None]


def test_a_long_log_keeps_its_last_lines(tmp_path: Path) -> None:
    log = logs.path(tmp_path)
    with log.open("ab") as writer:
        writer.write(b"old line\n" * (logs.LIMIT // 8) + b"last line\n")
        writer.flush()
        logs.trim(tmp_path)
        writer.write(b"written on\n")
    assert logs.tail(tmp_path, 2) == ["last line", "written on"]
    assert log.stat().st_size <= logs.KEPT + 20


def test_an_env_file_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "variables"
    file.write_text("# comment\nA=one # two\nexport B='$A'\nC=\"x\\ny ${A}\"\nD=${MISSING:-z}\n\nGIVEN\nABSENT\n")
    found = env_file.read(file, {"GIVEN": "yes"})
    assert found == {"A": "one", "B": "$A", "C": "x\ny one", "D": "z", "GIVEN": "yes"}


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("postgres:17", 17),
        ("postgis/postgis:16-3.4", 16),
        ("pgvector/pgvector:pg15", 15),
        ("timescale/timescaledb:latest-pg14", 14),
        ("timescale/timescaledb:2.17.2-pg16", 16),
        ("postgres:latest", 0),
    ],
)
def test_an_image_with_extensions_is_the_local_server_of_its_version(image: str, major: int) -> None:
    name, _, tag = image.rpartition("/")[2].partition(":")
    assert BY_PROGRAM[name].kind == "postgres"
    assert programs.major(tag) == major
