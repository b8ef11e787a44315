"""The rules of the ledger: where rows are after each verb, and what is found if they are not."""

from __future__ import annotations

from collections import Counter

import pytest

from . import ledger
from .ledger import Data, Here, Ledger, Verb, World, fresh

MAIN, OTHER = Here("main", frozenset({"1", "2m"})), Here("other", frozenset({"1", "2o"}))
MORE = Here("main", frozenset({"1", "2m", "3"}))
NEW = fresh(MAIN)


def data(here: Here, *rows: str) -> Data:
    return fresh(here, rows)


def of(verb: Verb, here: Here = MAIN, **kept: object) -> ledger.Worlds:
    """The worlds after a verb on data with a row by hand."""
    return verb(World(data(MAIN, "hand"), **kept), here)


def last(verb: Verb, here: Here = MAIN, **kept: object) -> World:
    return of(verb, here, **kept)[-1]


def test_reset_keeps_what_was_live_as_previous() -> None:
    assert last(ledger.reset()) == World(NEW, previous=data(MAIN, "hand"))
    assert last(ledger.reset(ledger.big(2))).live.rows == {"default-1", "big-0", "big-1"}
    assert last(ledger.reset(), previous=data(MAIN, "older")).previous == data(MAIN, "hand")


def test_restore_swaps() -> None:
    world = last(ledger.restore("previous"), previous=data(MAIN, "older"))
    assert world == World(data(MAIN, "older"), previous=data(MAIN, "hand"))
    kept = last(ledger.restore("a"), snapshots=(("a", data(MAIN, "kept")),))
    assert (kept.live.rows, kept.snapshots[0][1].rows) == ({"default-1", "kept"}, {"default-1", "kept"})


def test_restore_of_what_is_not_there_is_refused() -> None:
    assert of(ledger.restore("a")) == of(ledger.restore_file("f")) == ledger.REFUSED


def test_restore_of_another_branchs_data_is_refused_unless_forced() -> None:
    kept = {"aside": (data(OTHER, "old"), data(OTHER, "theirs"))}
    assert of(ledger.restore("other"), **kept) == ledger.REFUSED
    world = last(ledger.restore("other", force=True), **kept)
    assert (world.live.rows, world.live.applied) == ({"default-1", "theirs"}, {"1", "2m", "2o"})
    assert world.aside == kept["aside"]


def test_a_restored_state_is_migrated() -> None:
    assert last(ledger.restore("previous"), MORE, previous=NEW).live == fresh(MORE)


def test_a_snapshot_and_a_file_are_copies() -> None:
    steps = of(ledger.export("a", "f"))
    assert [(world.snapshots, world.files) for world in steps] == [
        ((("a", data(MAIN, "hand")),), ()),
        ((("a", data(MAIN, "hand")),), (("f", data(MAIN, "hand")),)),
    ]
    assert last(ledger.restore_file("f"), files=(("f", NEW),)).live == NEW
    assert dict(last(ledger.snapshot("b"), snapshots=(("a", NEW), ("b", NEW))).snapshots)["b"] == data(MAIN, "hand")


def test_up_applies_new_migrations_one_by_one() -> None:
    steps = of(ledger.up, MORE)
    assert [(world.live.applied, world.live.noted[0]) for world in steps] == [
        ({"1", "2m"}, {"1", "2m"}),
        ({"1", "2m", "3"}, {"1", "2m"}),
        ({"1", "2m", "3"}, {"1", "2m", "3"}),
    ]
    assert all(world.live.rows == {"default-1", "hand"} for world in steps)


def test_up_on_another_branch_sets_the_data_aside_and_brings_it_back() -> None:
    there = last(ledger.up, OTHER)
    assert there == World(fresh(OTHER), aside=(data(MAIN, "hand"),))
    assert ledger.up(there, MAIN)[-1] == World(data(MAIN, "hand"), aside=(fresh(OTHER),))


def test_up_without_a_migration_that_was_applied() -> None:
    more = ledger.up(World(data(MORE, "hand")), MAIN)[-1]
    assert more == World(NEW, aside=(data(MORE, "hand"),))
    assert ledger.up(more, MORE)[-1] == World(data(MORE, "hand"), aside=(NEW,))


def test_up_with_other_seeds_changes_no_row() -> None:
    assert last(ledger.up, MAIN._replace(seeds=2)).live.rows == {"default-1", "hand"}


def test_seed_adds_rows() -> None:
    assert last(ledger.seed(ledger.default), MAIN._replace(seeds=2)).live.rows == {"default-1", "default-2", "hand"}


def kept(live: Data = NEW, **more: object) -> Ledger:
    return Ledger(World(live, **more), MAIN)


def found(*places: tuple[str, Data]) -> Counter[ledger.Place]:
    return Counter((name, each.rows, each.applied) for name, each in places)


HAND = data(MAIN, "hand")


@pytest.mark.parametrize("live", [[("live", HAND)], [("live", NEW), ("previous", HAND)]])
def test_a_killed_verb_leaves_the_old_world_or_the_new(live: list[tuple[str, Data]]) -> None:
    notes = kept(HAND)
    notes.ran([], [ledger.reset()])
    assert notes.saw(found(*live)) == ""
    assert len(notes.worlds) == 1


@pytest.mark.parametrize("live", [[("live", NEW)], [("live", HAND), ("previous", HAND)], [("previous", HAND)]])
def test_a_killed_verb_leaves_nothing_else(live: list[tuple[str, Data]]) -> None:
    notes = kept(HAND)
    notes.ran([], [ledger.reset()])
    assert notes.saw(found(*live)).startswith("of 2 possible worlds")


def test_a_verb_that_ended_well_was_done() -> None:
    notes = kept(HAND)
    notes.ran([ledger.reset()], [])
    assert notes.saw(found(("live", HAND))).splitlines() == [
        "of 1 possible worlds, the closest differs:",
        "missing: live with ['default-1'], migrated to ['1', '2m']",
        "missing: previous with ['default-1', 'hand'], migrated to ['1', '2m']",
        "not expected: live with ['default-1', 'hand'], migrated to ['1', '2m']",
    ]


def test_a_row_that_was_confirmed_is_somewhere() -> None:
    notes = kept()
    notes.entered("hand")
    assert notes.saw(found(("live", NEW)))
    assert notes.saw(found(("live", HAND))) == ""


@pytest.mark.parametrize("at_once", [True, False])
def test_a_row_during_a_verb_is_in_the_old_data_or_the_new(at_once: bool) -> None:
    """Also after the verb's command was killed, since its server may go on."""
    possible = [
        found(("live", HAND), ("previous", NEW)),
        found(("live", NEW), ("previous", HAND)),
        *([] if at_once else [found(("live", HAND))]),
    ]
    for places in possible:
        notes = kept()
        if at_once:
            notes.ran([ledger.reset(), ledger.enter("hand")], [])
        else:
            notes.ran([], [ledger.reset()])
            notes.entered("hand")
        assert notes.saw(places) == ""
        assert notes.saw(found(("live", NEW), ("previous", NEW)))


def test_a_row_that_was_not_confirmed_may_be_there() -> None:
    for places in (found(("live", NEW)), found(("live", HAND))):
        notes = kept()
        notes.ran([], [ledger.enter("hand")])
        assert notes.saw(places) == ""


def test_two_verbs_at_once_run_in_some_order() -> None:
    notes = kept(HAND)
    notes.ran([ledger.reset(), ledger.snapshot("a")], [])
    assert {dict(world.snapshots)["a"] for world in notes.worlds} == {HAND, NEW}
    assert {world.previous for world in notes.worlds} == {HAND}


def test_refused_verbs_are_known() -> None:
    assert kept().refuses(ledger.restore("a")) == {True}
    assert kept().refuses(ledger.restore("previous")) == {True}
    notes = kept()
    notes.ran([], [ledger.snapshot("a")])
    assert notes.refuses(ledger.restore("a")) == {True, False}
