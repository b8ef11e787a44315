"""SIGKILL of a command with its children, and of the database server, at any moment of it, on real databases.

test_every_step.py ends commands at each of their steps, on a machine that is made up. Here it is the clock that says
when; what has to hold afterwards holds whenever that was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from tests.verbs.repo import end

from .branched import Data

HAND = "INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')"
# The command with its group, or the server. Every time one of the two, on the other database the other one.
KILLS: tuple[Callable[[int, int], None] | None, ...] = (os.killpg, None)
FEW, MANY = (0.5,), tuple(n / 16 for n in range(1, 16))
ALL = {"astronomy", "hand", "statistics", "welding"}
CASES = ["snapshot", "restore", "reset", "reset to what is not stored", "switch"]

pytestmark = pytest.mark.timeout(1800)


def prepare(data: Data, case: str) -> tuple[str, ...]:
    """Bring the data to where the command of a case begins; the command."""
    repo = data.repo
    data.on("main")
    repo.ok("dev.up")
    repo.ok("dev.reset")
    data.rows(HAND)
    if case == "restore":
        repo.ok("dev.snapshot", "kept", "--replace")
        data.rows("DELETE FROM courses_course WHERE code = 'welding'")
    if case == "switch":
        data.on("other")
    if case.startswith("reset to"):
        return ("dev.reset", "--scenario", "big-tenant", "-p", f"learners={time.monotonic_ns() % 1000}")
    commands = {"snapshot": ("snapshot", "again", "--replace"), "restore": ("restore", "kept"), "switch": ("up",)}
    verb, *words = commands.get(case, ("reset",))
    return (f"dev.{verb}", *words)


def check(data: Data, case: str) -> None:
    """The old data or the new; the row that was entered by hand is live or can be had; nothing is half or left over."""
    old = ALL - {"welding"} if case == "restore" else ALL
    data.repo.ok("dev.up")
    assert data.repo.steps() == []
    if case == "switch":
        assert data.rows("SELECT count(*) FROM other") == ["0"]
        data.on("main")
        data.repo.ok("dev.up")
        assert data.courses() == old
        return
    found, names = data.courses(), {state["name"] for state in data.states()}
    if case == "restore":
        assert found in (old, ALL)
    elif case.startswith("reset") and found != old:
        assert found >= ALL - {"hand"}
        assert "hand" not in found
        data.repo.ok("dev.restore", "previous")
        assert data.courses() == old
    elif case == "snapshot" and "again" in names:
        data.repo.ok("dev.restore", "again")
        assert data.courses() == old
    else:
        assert found == old


def break_off(data: Data, command: tuple[str, ...], after: float, kill: Callable[[int, int], None] | None) -> None:
    """Start a command and kill it with its group after so many seconds, or the server, upon which it fails."""
    process = data.repo.start(*command)
    time.sleep(after)
    if kill:
        end(process, kill)
    else:
        data.kill_server()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "moments"),
    [
        ("native", FEW),
        ("native", MANY),
        pytest.param("compose", FEW, marks=pytest.mark.engine),
    ],
    ids=["native", "native-often", "compose"],
    indirect=["engine"],
)
def test_killed(data: Data, moments: tuple[float, ...]) -> None:
    for number, case in enumerate(CASES):
        command = prepare(data, case)
        started = time.monotonic()
        data.repo.ok(*command)
        length = time.monotonic() - started
        for moment in moments:
            for kill in KILLS if moments is MANY else [KILLS[(number + (data.database == "mysql")) % 2]]:
                command = prepare(data, case)
                break_off(data, command, moment * length, kill)
                check(data, case)
