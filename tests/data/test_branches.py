"""Whose data is live: what steps aside, what comes back, what is built on what. On a machine that is made up."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import pytest

from devenv.base import records
from devenv.base.errors import REFUSED, UNHEALTHY, USAGE, DevError
from devenv.context.environment import Environment
from devenv.databases.states import ASIDE, BUILT, PREVIOUS, SNAPSHOT
from devenv.datastates import dumps, exports, live, planning, snapshots, space, store
from devenv.datastates.steps import Step, carry_out
from tests.messages import OF_A_PACKAGE, SET_ASIDE, USES_A_COPY

from . import world
from .world import LIVE, World

ONE, TWO, OTHER, THREE = "0001_item", "0002_more", "0003_other", "0003_third"
DEFAULT = {"default a", "default b"}
OF_ROWS = ("server: note", "server: ensure")  # what is done to the table of states, and not to a database


@pytest.fixture(params=["renames", "pointer"])
def here(here: World, request: pytest.FixtureRequest) -> World:
    here.renames = request.param == "renames"
    return here


def switch(here: World, branch: str, *migrations: str) -> list[str]:
    here.branch = branch
    here.migrations(*migrations)
    return here.up()


def rows(*migrations: str) -> set[str]:
    return {f"migration {name}" for name in migrations}


def kinds(here: World, kind: str) -> list[tuple[str, str]]:
    return [(s.name, s.branch) for s in here.states() if s.kind == kind]


def made(here: World) -> list[str]:
    """What was done since the last look, in words of one kind."""
    about = [words for words in here.done if words.startswith("server") and not words.startswith(OF_ROWS)]
    done = [words.split()[1:-1] for words in about]
    here.done.clear()
    return [" ".join(words) for words in done]


# ---- branches


def test_new_migrations_are_applied_to_the_live_rows(here: World) -> None:
    assert switch(here, "topic", ONE, TWO, THREE) == ["migrate"]
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT | {"by hand"}


def test_without_an_applied_migration_it_steps_aside_and_comes_back(here: World) -> None:
    assert switch(here, "other", ONE, OTHER) == ["switch"]
    assert here.live == rows(ONE, OTHER) | DEFAULT
    here.enter("by another hand")
    assert switch(here, "main", ONE, TWO) == ["switch"]
    assert here.live == rows(ONE, TWO) | DEFAULT | {"by hand"}
    switch(here, "other", ONE, OTHER)
    assert "by another hand" in here.live
    assert kinds(here, ASIDE) == [("main", "main")]


def test_a_changed_migration_is_another_one(here: World) -> None:
    (here.repo / "migrations" / f"{TWO}.py").write_text("changed")
    assert here.up() == ["switch"]
    assert here.live == {f"migration {ONE}", "migration changed"} | DEFAULT


def test_a_branch_without_new_migrations_takes_the_data_of_its_like(here: World) -> None:
    switch(here, "other", ONE, OTHER)
    switch(here, "renamed", ONE, TWO)
    assert "by hand" in here.live


def test_a_third_branch_takes_no_rows_with_it(here: World) -> None:
    """Migrated on, the rows of main could not go back there."""
    switch(here, "other", ONE, TWO, OTHER, "0004_more")
    switch(here, "back", ONE, TWO)  # of `other`, main's rows are there by now
    here.enter("by the second hand")
    switch(here, "other", ONE, TWO, OTHER, "0004_more")
    switch(here, "third", ONE, TWO, THREE)
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT
    switch(here, "back", ONE, TWO)
    assert "by the second hand" in here.live


def test_on_one_branch_new_migrations_stay_in_place_whatever_stepped_aside_there(here: World) -> None:
    """A migration that was away for a while, as git stash does it, left a database behind."""
    switch(here, "main", ONE)
    switch(here, "main", ONE, TWO)
    assert "by hand" in here.live
    assert switch(here, "main", ONE, TWO, THREE) == ["migrate"]
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT | {"by hand"}


def test_a_database_that_comes_back_is_migrated_to_what_is_new_there(here: World) -> None:
    switch(here, "other", ONE, OTHER)
    switch(here, "main", ONE, TWO, THREE)
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT | {"by hand"}


# ---- migrations of packages


def test_new_migrations_of_a_package_are_applied_to_the_live_rows(here: World) -> None:
    here.packages("wiki.0001")
    assert here.up() == ["migrate"]
    assert here.live == rows(ONE, TWO, "wiki.0001") | DEFAULT | {"by hand"}


def test_an_older_package_has_its_own_data_and_the_newer_ones_come_back(
    here: World, capfd: pytest.CaptureFixture[str]
) -> None:
    here.packages("wiki.0001", "wiki.0002")
    here.up()
    here.enter("in the new wiki")
    here.branch = "other"
    here.packages("wiki.0001")
    here.up()
    assert f"{SET_ASIDE}: wiki.0002 {OF_A_PACKAGE}" in capfd.readouterr().err
    assert here.live == rows(ONE, TWO, "wiki.0001") | DEFAULT
    here.branch = "main"
    here.packages("wiki.0001", "wiki.0002")
    here.up()
    assert here.live == rows(ONE, TWO, "wiki.0001", "wiki.0002") | DEFAULT | {"by hand", "in the new wiki"}


def test_another_lock_with_the_same_migrations_changes_nothing(here: World) -> None:
    here.packages("wiki.0001", "wiki.0002")
    here.up()
    here.packages("wiki.0002", "wiki.0001")  # the file differs
    assert here.up() == ["migrate"]
    assert "by hand" in here.live


def test_what_a_branch_has_of_its_own_comes_back_only_with_all_its_packages(here: World) -> None:
    here.packages("wiki.0001")
    here.up()
    switch(here, "other", ONE, OTHER)
    here.packages()
    assert switch(here, "main", ONE, TWO) == ["switch"]
    assert here.live == rows(ONE, TWO) | DEFAULT


def test_a_default_that_wants_the_app_is_seeded_after_a_switch_that_nothing_foresaw(here: World) -> None:
    text = (here.repo / "dev.yaml").read_text()
    (here.repo / "dev.yaml").write_text(text.replace("{run: ./seed default}", "{run: ./seed default, after: up}"))
    del here.settings
    here.packages("wiki.0001")
    here.up()
    here.packages()
    assert here.up() == ["migrate"]
    assert here.live == rows(ONE, TWO) | DEFAULT


@pytest.mark.parametrize(("code", "listed"), [(0, ["beside"]), (1, ["beside", "alone"])])
def test_migrations_of_packages_are_listed_next_to_the_first_migration(
    here: World, code: int, listed: list[str]
) -> None:
    here.databases, here.table = {LIVE: frozenset()}, None  # as after dev.destroy
    here.running.clear()
    here.listed.clear()
    here.packages("wiki.0001")
    here.listing_ends = code
    assert here.up() == ["start", "migrate", "seed", "start"]
    assert here.listed == listed
    assert here.known()["packages"]["names"] == ["wiki.0001"]


def test_a_state_with_more_of_a_package_is_refused(here: World) -> None:
    here.packages("wiki.0001")
    here.up()
    here.snapshot()
    here.packages()
    with pytest.raises(DevError, match=rf"wiki\.0001 {OF_A_PACKAGE}") as refused:
        here.restore()
    assert refused.value.code == REFUSED


def test_where_only_the_form_of_a_migration_changed_one_can_say_so(here: World) -> None:
    (here.repo / "migrations" / f"{TWO}.py").write_text(f"{TWO} ")
    assert here.up() == ["switch"]
    assert "by hand" not in here.live
    with pytest.raises(DevError) as refused:
        here.restore("main")
    assert "the command again with --force" in " ".join(refused.value.hints)
    here.restore("main", force=True)
    assert "by hand" in here.live
    assert here.up() == []


def built_rows(here: World) -> dict[str, frozenset[str]]:
    return {s.name: here.databases[s.database] for s in here.states() if s.kind == BUILT and s.database}


def test_what_is_built_again_has_no_row_that_the_app_entered(here: World) -> None:
    """A fixed database is made again while the app runs."""
    here.chooses = False
    here.migrations(ONE, TWO, THREE)
    here.reset()
    here.enter("by the app")
    with here.command("dev.seed") as env:
        live.seed(env, "big", {})
    assert {name for name, rows in built_rows(here).items() if "by the app" in rows} == set()


@pytest.mark.parametrize("command", ["migrate", "seed"])
def test_what_is_built_again_has_no_row_of_a_command_that_failed(here: World, command: str) -> None:
    """Of the first dev.up, before the app has run: an error in a migration or a seed, which is then corrected."""

    def end(_: int, words: str, act: world.Act, __: world.Act) -> None:
        act()
        if words.startswith(f"server: {command} "):
            here.enter("wrong")
            raise world.Killed

    emptied(here)
    here.migrations(ONE)
    if command == "migrate":
        with here.command("dev.migrate") as env:
            live.migrate(env)
    here.migrations(ONE, TWO)
    here.end = end
    with pytest.raises(world.Killed):
        here.up()
    here.end = None
    here.up()
    assert {name for name, rows in built_rows(here).items() if "wrong" in rows} == set()
    here.reset()
    assert here.live == rows(ONE, TWO) | DEFAULT


def emptied(here: World) -> None:
    """A new machine, on which no command was run yet."""
    here.running.clear()
    here.databases, here.table = {LIVE: frozenset()}, None
    records.remove("main", "catalog")


def test_what_is_built_again_has_the_migrations_that_it_was_made_with(here: World) -> None:
    """dev.migrate on a branch that lacks one which was applied: before the first dev.up, nothing steps aside."""
    emptied(here)
    for migrations in ([ONE, TWO], [ONE]):
        here.migrations(*migrations)
        with here.command("dev.migrate") as env:
            live.migrate(env)
    for state in here.states():
        assert here.databases[state.database] == rows(
            *(Path(name).stem for name in state.files if "migrations" in name)
        )


# ---- what dev.plan says of them


def steps(env: Environment, verb: str, name: str = "", all: bool = False) -> list[Step]:
    return planning.of(env, env.engine.look(), verb, planning.Words(name, {}, Path(name), all))


def planned(here: World, verb: str, name: str = "", all: bool = False) -> list[str]:
    """The titles of the steps. Planning changes nothing."""
    before = len(here.done)
    found = steps(store.look(here.env()), verb, name, all)
    assert here.done[before:] == []
    return [step.title for step in found]


@pytest.mark.parametrize(
    ("scenario", "migrations", "built"),
    [
        ("default", (ONE, TWO), []),
        ("big", (ONE, TWO), ["seed big"]),
        ("default", (ONE, TWO, THREE), ["migrate", "seed default"]),
        ("big", (ONE, TWO, THREE), ["migrate", "seed default", "seed big"]),
    ],
)
def test_a_reset_does_what_its_plan_says(
    here: World, scenario: str, migrations: tuple[str, ...], built: list[str]
) -> None:
    here.migrations(*migrations)
    label = built[-1].partition(" ")[2] if built else "default"
    assert planned(here, "reset", scenario) == [*built, f"{USES_A_COPY} {label}"]
    made(here)
    here.reset(scenario)
    assert [words for words in made(here) if words.startswith(("migrate", "seed"))] == built
    assert planned(here, "reset", scenario) == [f"{USES_A_COPY} {label}"]


def test_a_fixed_database_is_emptied_and_the_plan_says_so(here: World) -> None:
    here.chooses = False
    here.migrations(ONE, TWO, THREE)
    assert planned(here, "reset") == ["use an empty database", "migrate", "seed default"]
    here.reset()
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT


def test_a_restore_does_what_its_plan_says(here: World) -> None:
    here.snapshot()
    assert planned(here, "restore", "kept") == [f"{USES_A_COPY} kept"]
    here.migrations(ONE, TWO, THREE)
    [step] = steps(store.look(here.env()), "restore", "kept")
    assert f"migrations/{THREE}.py" in step.why
    here.restore()
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT | {"by hand"}
    here.migrations(ONE)
    with pytest.raises(DevError) as caught:
        planned(here, "restore", "kept")
    assert caught.value.code == REFUSED


def test_a_prune_does_what_its_plan_says(here: World) -> None:
    here.snapshot()
    here.migrations(ONE, TWO, THREE)
    here.reset()
    for words in ({"name": "kept"}, {"all": False}, {"all": True}):
        env = store.look(here.env())
        gone = planning.prunable(env, [words["name"]] if "name" in words else [], bool(words.get("all")))
        assert planned(here, "prune", **words) == [f"remove {each.kind} {each.name}" for each in gone] != []
        carry_out(env, planning.prune(gone))
        assert not {each.id for each in gone} & {each.id for each in here.states()}
    assert planned(here, "prune", all=True) == []


def test_without_the_server_a_plan_only_starts_it(here: World) -> None:
    here.running.clear()
    assert [step.title for step in steps(here.env(), "reset")] == ["start db"]


# ---- a database that is fixed


def test_a_fixed_database_is_set_aside_too(here: World) -> None:
    here.chooses = False
    if here.renames:
        switch(here, "other", ONE, OTHER)
        assert here.live == rows(ONE, OTHER) | DEFAULT
        switch(here, "main", ONE, TWO)
        assert "by hand" in here.live


# ---- what is built on what


def test_fresh_data_is_stored_at_the_first_up_and_copied_at_a_reset(here: World) -> None:
    assert {(s.name, s.kind) for s in here.states()} == {("schema", BUILT), ("default", BUILT)}
    made(here)
    here.reset()
    assert made(here) == (["copy", "take over"] if here.renames else ["copy"])
    assert here.live == rows(ONE, TWO) | DEFAULT
    assert kinds(here, PREVIOUS) == [("previous", "main")]


def test_a_second_scenario_starts_from_a_copy_of_the_first(here: World) -> None:
    made(here)
    here.reset("big", rows="3")
    assert [words for words in made(here) if words != "take over"] == ["copy", "seed big", "dump", "copy"]
    assert here.live == rows(ONE, TWO) | DEFAULT | {"big 0", "big 1", "big 2"}


def test_another_parameter_is_another_state(here: World) -> None:
    here.reset("big", rows="3")
    here.reset("big", rows="1")
    assert here.live == rows(ONE, TWO) | DEFAULT | {"big 0"}
    assert {s.name for s in here.states() if s.kind == BUILT} == {"schema", "default", "big rows=3", "big rows=1"}
    made(here)
    here.reset("big", rows="3")
    assert "seed big" not in made(here)


def test_on_a_miss_it_goes_on_from_an_ancestor(here: World) -> None:
    here.migrations(ONE, TWO, THREE)
    made(here)
    here.reset()
    schema = ["copy", "migrate"]
    assert [words for words in made(here) if words != "take over"][:4] == [*schema, "copy", "seed default"]


def test_and_from_nothing_where_a_new_migration_comes_earlier(here: World) -> None:
    here.migrations(ONE, "0001_later", TWO)
    made(here)
    here.reset()
    assert made(here)[:2] == ["create", "migrate"]


@pytest.mark.parametrize("chooses", [True, False], ids=["chooses", "fixed"])
def test_what_was_live_before_a_reset_is_previous(here: World, chooses: bool) -> None:
    here.chooses = chooses
    here.migrations(ONE, TWO, THREE)  # a miss
    if chooses or here.renames:
        here.reset()
        assert here.live == rows(ONE, TWO, THREE) | DEFAULT
        [previous] = [s for s in here.states() if s.kind == PREVIOUS]
        assert "by hand" in here.databases[previous.database]


def test_previous_can_be_restored_and_is_one(here: World) -> None:
    here.reset()
    here.restore("previous")
    assert "by hand" in here.live
    assert len(kinds(here, PREVIOUS)) == 1


def test_a_new_volume_is_filled_from_the_dump(here: World) -> None:
    here.volume, here.databases, here.table = "v2", {"service": frozenset()}, None
    made(here)
    assert here.up() == ["restore"]
    assert [words for words in made(here) if words not in ("take over", "drop")][:2] == ["create", "load"]
    assert here.live == rows(ONE, TWO) | DEFAULT


# ---- snapshots


def test_the_data_of_a_branch_with_a_slash_is_restored_by_its_name(here: World) -> None:
    switch(here, "feature/x", ONE, OTHER)
    here.enter("of the feature")
    switch(here, "main", ONE, TWO)
    here.restore("feature/x", force=True)
    assert "of the feature" in here.live
    for name in ("feature/y", "./feature/x", "x" * 5000):
        with pytest.raises(DevError) as refused:
            here.restore(name)
        assert refused.value.code == USAGE


def test_a_snapshot_of_other_migrations_is_refused(here: World) -> None:
    here.snapshot()
    switch(here, "other", ONE, OTHER)
    with pytest.raises(DevError) as caught:
        here.restore()
    assert (caught.value.code, caught.value.hints[0]) == (REFUSED, "git switch main")
    assert f"migrations/{TWO}.py is missing" in caught.value.message


def test_a_snapshot_of_this_branch_from_before_its_migrations_changed_has_no_other_branch_to_go_to(here: World) -> None:
    here.snapshot()
    switch(here, "main", ONE, OTHER)
    with pytest.raises(DevError) as caught:
        here.restore()
    assert caught.value.code == REFUSED
    assert [hint.partition(",")[0] for hint in caught.value.hints] == ["if the migrations do the same"]


def test_an_older_snapshot_is_migrated_on_and_stays_as_it_is(here: World) -> None:
    here.snapshot()
    switch(here, "main", ONE, TWO, THREE)
    here.enter("later")
    here.restore()
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT | {"by hand"}
    assert here.up() == []
    [kept] = [s for s in here.states() if s.kind == SNAPSHOT]
    assert here.databases[kept.database] == rows(ONE, TWO) | DEFAULT | {"by hand"}


def fails(command: str) -> world.End:
    """A command of the service that ends with 3 after it has changed the database."""

    def end(_: int, words: str, act: world.Act, __: world.Act) -> None:
        act()
        if words.startswith(f"server: {command} "):
            raise DevError(3, f"{command} ended with exit code 3")

    return end


@pytest.mark.parametrize("chooses", [True, False], ids=["chooses", "fixed"])
@pytest.mark.parametrize("command", ["migrate", "seed"])
def test_a_reset_that_fails_leaves_the_live_data(here: World, chooses: bool, command: str) -> None:
    here.chooses = chooses or not here.renames  # where neither is possible, nothing is stored
    here.enter("later")
    before = here.live
    here.migrations(ONE, TWO, THREE)
    here.end = fails(command)
    with pytest.raises(DevError, match=f"reset stopped at {command}"):
        here.reset()
    here.end = None
    assert here.live == before
    here.reset()
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT


@pytest.mark.parametrize("chooses", [True, False], ids=["chooses", "fixed"])
def test_a_snapshot_that_cannot_be_migrated_leaves_the_live_data(here: World, chooses: bool) -> None:
    here.chooses = chooses or not here.renames  # where neither is possible, nothing is stored
    here.snapshot()
    here.enter("later")
    before = here.live
    here.migrations(ONE, TWO, THREE)
    here.end = fails("migrate")
    with pytest.raises(DevError, match="restore kept stopped at migrate") as failed:
        here.restore()
    assert failed.value.code == UNHEALTHY  # 3 would be that of the service's command that was typed
    assert here.live == before


def test_a_name_is_taken_once(here: World) -> None:
    here.snapshot()
    here.enter("later")
    with pytest.raises(DevError) as caught:
        here.snapshot()
    assert caught.value.code == REFUSED
    here.snapshot(again=True)
    [kept] = [s for s in here.states() if s.kind == SNAPSHOT]
    assert "later" in here.databases[kept.database]


@pytest.mark.parametrize("name", ["previous", "", "A", "../x", "-x", "a b", "ä", "x" * 62])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(DevError) as caught:
        snapshots.check_name(name)
    assert caught.value.code == USAGE


# ---- what may go


def test_prune_keeps_the_newest_of_each_branch_and_all_that_people_entered(here: World) -> None:
    here.snapshot()
    here.reset()
    for branch, migrations in (("main", (ONE, TWO, THREE)), ("main", (ONE, TWO, THREE, "0004_x")), ("b", (ONE,))):
        switch(here, branch, *migrations)
        here.reset()
    env = store.look(here.env())
    gone = space.prunable(env, all=False)
    assert {s.kind for s in gone} == {BUILT}
    space.prune(env, gone)
    left = here.states()
    assert sorted((s.branch, s.name) for s in left if s.kind == BUILT) == [
        (branch, name) for branch in ("b", "main") for name in ("default", "schema")
    ]
    assert {s.kind for s in left} == {BUILT, SNAPSHOT, PREVIOUS, ASIDE}
    space.prune(env, space.prunable(env, all=True))
    assert here.states() == []
    assert list(here.databases) == [here.live_name]


def test_what_is_over_the_budget_or_fills_the_disk_is_reported(
    here: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "BUDGET", 3)
    monkeypatch.setattr(space, "SPARE", 2**60)
    here.reset("big")
    said = capsys.readouterr().err
    assert "stored states take" in said
    assert "left on the disk; to free space: inv dev.state prune" in said


def test_rows_tell_what_is_live(here: World) -> None:
    here.reset()
    live, *others = space.rows(store.look(here.env()))
    assert (live["name"], live["live"], live["scenarios"]) == ("live", True, ["default"])
    assert [row["name"] for row in others if row["live"]] == ["default"]
    assert all({"name", "key", "branch", "age", "size", "live"} <= row.keys() for row in others)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1, "data": 2}', '{"name": "x", "created": "y"}'])
def test_a_row_that_cannot_be_read_is_a_database_that_nothing_names(here: World, text: str) -> None:
    here.snapshot()
    [kept] = [s for s in here.states() if s.kind == SNAPSHOT]
    assert here.table is not None
    here.table[kept.id] = ("snapshot", kept.database, text)
    here.reset()
    assert kept.database in here.databases
    rows = space.rows(store.look(here.env()))
    assert [row["name"] for row in rows if row["kind"] == "unknown"] == [kept.database]
    space.prune(here.env(), space.prunable(store.look(here.env()), all=True))
    assert kept.database in here.databases
    here.restore(kept.database)
    assert "by hand" in here.live


def test_own_data_comes_back_also_if_the_server_was_down(here: World) -> None:
    """The record of the machine does not list other databases: only the server knows that there is one."""
    switch(here, "main", ONE, TWO, THREE)
    here.enter("with three")
    switch(here, "main", ONE, TWO)
    here.enter("with two")
    here.running.clear()
    switch(here, "main", ONE, TWO, THREE)
    assert here.live == rows(ONE, TWO, THREE) | DEFAULT | {"by hand", "with three"}
    switch(here, "main", ONE, TWO)
    assert here.live == rows(ONE, TWO) | DEFAULT | {"with two"}


# ---- files of killed commands


@pytest.mark.parametrize("name", ["0123456789ab", f"0123456789ab{dumps.NEW}"])
def test_the_next_command_removes_a_dump_that_was_not_completed(here: World, name: str) -> None:
    """It holds rows of people. The databases need nothing, so this alone has to be reason enough to look."""
    home = dumps.home(here.env())
    before = sorted(home.iterdir())
    (home / name).mkdir()
    (home / name / "dump").write_text("rows")
    assert here.up() == []
    assert sorted(home.iterdir()) == before != []


def test_a_killed_export_leaves_nothing(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither next to its target, where no command looks again, nor among our files."""

    def pack_half(stream: IO[bytes], *parts: object) -> None:
        stream.write(b"half")
        here.end = world.killed(len(here.done))
        here.effect("pack", world.nothing)

    here.snapshot()
    monkeypatch.setattr(exports, "_pack", pack_half)
    target = tmp_path / "exported/data.tar.gz"
    target.parent.mkdir()
    with pytest.raises(world.Killed), here.command("dev.snapshot") as env:
        exports.export(env, snapshots.find(env, "kept"), target, scrub=False)
    here.end = None
    here.up()
    assert list(target.parent.iterdir()) == []
    assert dumps.left(here.env()) == []
