"""The power goes while a service works: afterwards `dev.up` ends with 0, and no row is missing that has to be there.

In containers, the volume of the database is a folder of that disk.
"""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import need, until
from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo
from tests.verbs.repo import Repo, end

from .branched import SQL, Data, branch
from .power import Disk, disk, is_possible, root
from .test_killed import ALL, CASES, check, prepare

FEW, MANY = 1, 20  # rounds of each case
SECOND = 1.5  # MariaDB writes its log to the disk once a second, and a loaded machine a little later
SEED = int(os.environ.get("POWER_CUT_SEED") or random.randrange(10**6))

pytestmark = [
    pytest.mark.timeout(3000),
    pytest.mark.skipif(not is_possible(), reason="only root with loop devices can mount a disk and cut its power"),
]


@dataclass
class Powered(Data):
    """A service whose records and data are on a disk that loses power."""

    disk: Disk


@pytest.fixture
def chance() -> random.Random:
    """POWER_CUT_SEED repeats the moments of a run."""
    print(f"POWER_CUT_SEED={SEED}")
    return random.Random(SEED)


@pytest.fixture(params=["postgres", "mysql"])
def powered(
    make_repo: MakeRepo,
    engine: str,
    tmp_path: Path,
    link_environment: Callable[[Path], None],
    request: pytest.FixtureRequest,
) -> Iterator[Powered]:
    made = make_repo(database=request.param)
    if engine == "native" and request.param == "mysql":
        need("mariadbd", "mariadb-dump")
    elif engine == "native":
        link_environment(made.path)
    with disk(tmp_path / "disk") as on:
        repo = replace(made, env={**made.env, "XDG_STATE_HOME": str(on.folder)})
        if engine == "compose":
            on.token = made.token
            put_volume_on(repo, on)
        repo.ok("dev.up")
        branch(repo.path)
        yield Powered(repo, request.param, on)
        repo.ok("dev.destroy", "--yes")


def put_volume_on(repo: Repo, on: Disk) -> None:
    """Let the database's volume be a folder of the disk."""
    folder = on.folder / "volume"
    folder.mkdir()
    os.sync()  # the folder itself is there before the power goes
    options = f"{{type: none, o: bind, device: {folder}}}"
    repo.edit("compose.yaml", "  db-data: {}\n", f"  db-data: {{driver_opts: {options}}}\n")


ENGINE = pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
ROUNDS = pytest.mark.parametrize("rounds", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])


@ENGINE
@ROUNDS
def test_a_verb(powered: Powered, rounds: int, chance: random.Random) -> None:
    """In the middle of each verb that changes data: the old data or the new, the old one kept, nothing left over."""
    for case in CASES:
        for _ in range(rounds):
            command = prepare(powered, case)
            time.sleep(SECOND)
            process = powered.repo.start(*command)
            time.sleep(chance.uniform(0, 1.5))
            powered.disk.cut()
            end(process, os.killpg)
            check(powered, case)


@ENGINE
@ROUNDS
def test_rows(powered: Powered, rounds: int, chance: random.Random) -> None:
    """While rows are entered: at most those of the last second are missing, and what was stored before is whole."""
    repo = powered.repo
    create = "CREATE TABLE ledger (n int PRIMARY KEY, pad varchar(600))"
    powered.rows(create)
    for number in range(rounds):
        repo.ok("dev.snapshot", "kept", "--replace")
        before = powered.rows("SELECT count(*) FROM ledger")
        written = Writer(powered, number * 10**6)
        assert until(written.has_begun)
        time.sleep(SECOND + chance.uniform(0.5, 2))
        cut = time.monotonic()
        powered.disk.cut()
        written.end()
        repo.ok("dev.up")
        found = set(map(int, powered.rows("SELECT n FROM ledger")))
        safe = {row for row, at in written.confirmed.items() if powered.database == "postgres" or at < cut - SECOND}
        assert safe
        assert safe <= found
        repo.ok("dev.restore", "kept")
        assert powered.rows("SELECT count(*) FROM ledger") == before
        assert powered.courses() >= ALL - {"hand"}
        repo.ok("dev.restore", "previous")
        assert set(map(int, powered.rows("SELECT n FROM ledger"))) == found


class Writer:
    """Enters rows one by one, each confirmed by the server, until it is gone."""

    def __init__(self, data: Powered, first: int) -> None:
        self.confirmed: dict[int, float] = {}  # by row: when
        words = SQL[data.database][:-1]
        streams = {"stdin": subprocess.PIPE, "bufsize": 1}
        self.client = data.repo.start("dev.dbshell", "--", *words, *UNBUFFERED[data.database], **streams)
        self.thread = threading.Thread(target=self._write, args=(first,))
        self.thread.start()

    def _write(self, first: int) -> None:
        assert self.client.stdin
        assert self.client.stdout
        with suppress(OSError, ValueError):
            for row in range(first, first + 10**6):
                print(f"INSERT INTO ledger VALUES ({row}, repeat('x', 500)); SELECT {row};", file=self.client.stdin)
                if self.client.stdout.readline() != f"{row}\n":
                    return
                self.confirmed[row] = time.monotonic()

    def has_begun(self) -> bool:
        return bool(self.confirmed)

    def end(self) -> None:
        end(self.client, os.killpg)
        self.thread.join()


UNBUFFERED = {"postgres": (), "mysql": ("--unbuffered",)}


@ENGINE
@pytest.mark.parametrize("powered", ["postgres"], indirect=True)
def test_right_after_the_first_up(powered: Powered) -> None:
    powered.disk.cut()
    powered.repo.ok("dev.up")
    assert powered.courses() == ALL - {"hand"}


@ENGINE
@pytest.mark.parametrize("powered", ["postgres"], indirect=True)
def test_a_state_that_was_removed_does_not_come_back(powered: Powered) -> None:
    """Also not as a dump, which is a file of this machine."""
    listed = powered.repo.ok("dev.state", "list", "--json").json()
    assert [each for each in listed if each["kind"] == "built"]
    powered.repo.ok("dev.state", "prune", "--all", "--yes")
    powered.disk.cut()
    powered.repo.ok("dev.up")
    assert [each["kind"] for each in powered.repo.ok("dev.state", "list", "--json").json()] == ["live"]


@ENGINE
@ROUNDS
def test_in_the_middle_of_the_first_up(powered: Powered, rounds: int, chance: random.Random) -> None:
    """Also while an image creates the first files of its server."""
    folder = powered.disk.folder / "volume"
    for _ in range(2 * rounds):
        powered.repo.ok("dev.destroy", "--yes")
        for left in folder.glob("*"):  # a volume that is a folder of ours keeps its files
            root("rm", "-r", str(left))
        process = powered.repo.start("dev.up")
        assert until(lambda: any(folder.glob("*")) or not folder.exists(), 120)
        time.sleep(chance.uniform(0, 3) if folder.exists() else chance.uniform(0.5, 4))
        powered.disk.cut()
        end(process, os.killpg)
        powered.repo.ok("dev.up")
        assert powered.courses() == ALL - {"hand"}
