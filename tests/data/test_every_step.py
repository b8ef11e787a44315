"""A command that ends at any of its steps, in any way: live data is the old or the new, rows of people are kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from devenv.base.errors import DevError
from devenv.databases.states import DRAFT, PREVIOUS

from . import world
from .world import LIVE, World


def other_branch(here: World) -> None:
    """A branch that lacks a migration which was applied, and has one of its own."""
    here.branch = "other"
    here.migrations("0001_item", "0003_other")


def other_branch_twice(here: World) -> None:
    """Back to the branch that was first; the second one's database was used meanwhile."""
    other_branch(here)
    here.up()
    here.enter("by another hand")
    here.branch = "main"
    here.migrations("0001_item", "0002_more")


def older_package(here: World) -> None:
    """A package without a migration that was applied."""
    here.packages("wiki.0001")
    here.up()
    here.packages()


def new_migration(here: World) -> None:
    here.migrations("0001_item", "0002_more", "0003_third")


def older_snapshot(here: World) -> None:
    here.snapshot()
    new_migration(here)
    here.up()


def new_volume(here: World) -> None:
    """All that the server held is gone; the rows of people with it."""
    here.volume = "v2"
    here.databases, here.table = {LIVE: frozenset()}, None


def kept(here: World) -> None:
    here.snapshot()
    here.enter("later")


def was_reset(here: World) -> None:
    here.reset()
    here.enter("by hand again")


def nothing(here: World) -> None:
    pass


CASES: dict[str, tuple[Callable[[World], None], Callable[[World], object]]] = {
    "snapshot": (nothing, World.snapshot),
    "snapshot again": (kept, lambda here: here.snapshot(again=True)),
    "restore": (kept, World.restore),
    "restore an older one": (older_snapshot, World.restore),
    "reset on a hit": (nothing, World.reset),
    "reset on a miss": (new_migration, World.reset),
    "second reset": (was_reset, World.reset),
    "reset to another scenario": (nothing, lambda here: here.reset("big", rows="3")),
    "other branch": (other_branch, World.up),
    "back to the first branch": (other_branch_twice, World.up),
    "older package": (older_package, World.up),
    "new volume": (new_volume, World.up),
}


EVERY_TIME = (world.killed, world.interrupted, world.lost_after)
SELDOM = (world.torn, world.refused, world.full, world.lost)
ENDS = [*EVERY_TIME, *(pytest.param(end, marks=pytest.mark.slow) for end in SELDOM)]


@dataclass
class Kept:
    """The machine as it is before the command, to go back to."""

    here: World
    state_home: Path

    def __post_init__(self) -> None:
        self.databases, self.running = dict(self.here.databases), set(self.here.running)
        self.table = None if self.here.table is None else dict(self.here.table)
        self.files = shutil.copytree(self.state_home, self.state_home.with_name("before"))

    def again(self) -> None:
        self.here.end = None
        self.here.databases, self.here.running = dict(self.databases), set(self.running)
        self.here.table = None if self.table is None else dict(self.table)
        shutil.rmtree(self.state_home)
        shutil.copytree(self.files, self.state_home)


@pytest.mark.parametrize("renames", [True, False], ids=["renames", "pointer"])
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("case", CASES)
def test_ended_at_every_step(
    here: World, state_home: Path, case: str, end: Callable[[int], world.End], renames: bool
) -> None:
    here.renames = renames
    prepare, command = CASES[case]
    prepare(here)
    before, old, hand = Kept(here, state_home), here.live, by_hand(here, PREVIOUS)
    here.done.clear()
    command(here)
    new, steps = here.live, len(here.done)
    assert steps >= 3
    for at in range(steps):
        before.again()
        run_until(here, command, end(at))
        where = f"{end.__name__} at {at}: {here.done[at:]}"
        assert here.live in (old, new), where
        assert_repaired(here, {old, new}, hand, where)
        again(here, case, command)
        assert here.live == new, where


def run_until(here: World, command: Callable[[World], object], end: world.End) -> None:
    here.done.clear()
    here.end = end
    with suppress(world.Killed, KeyboardInterrupt, DevError, OSError):
        command(here)
    here.end = None


def again(here: World, case: str, command: Callable[[World], object]) -> None:
    """What people do next. A snapshot may have been finished when its command ended."""
    if case == "snapshot":
        here.snapshot(again=True)
    else:
        command(here)


def by_hand(here: World, given_up: str = "") -> set[str]:
    """The rows of people, wherever they are kept, but for states of this kind."""
    names = {here.live_name, *(s.database for s in here.states() if s.kind not in (DRAFT, given_up))}
    return {row for name in names for row in here.databases.get(name, ()) if "hand" in row}


def assert_repaired(here: World, whole: set[frozenset[str]], hand: set[str], where: str) -> None:
    """After the next dev.up: nothing half, nothing left over, nothing lost, and the record tells what is there."""
    here.up()
    missing = {f"migration {file.stem}" for file in (here.repo / "migrations").glob("*.py")}
    assert here.live in {*whole, *(rows | missing for rows in whole)}, where
    assert by_hand(here) >= hand, where
    states = here.states()
    assert [s for s in states if s.kind == DRAFT] == [], where
    on_server = [s.database for s in states if s.database]
    assert sorted(here.databases) == sorted([here.live_name, *on_server]), where
    assert len([s for s in states if s.kind == PREVIOUS]) <= 1, where
    known = here.known()
    names = [Path(name).stem for name in known["files"] if name.endswith(".py")]
    applied = {f"migration {name}" for name in (*names, *known["packages"]["names"])}
    assert {row for row in here.live if row.startswith("migration")} == applied, where
    assert {row.split()[0] for row in here.live if row.startswith(("default", "big"))} == {
        name.split()[0] for name in known["seeded"]
    }, where
    assert here.up() == [], where
