"""Whose data it is, and what it is, is known from the server itself: whatever became of the files of this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devenv.base import records
from devenv.base.errors import CONFLICT, REFUSED, UNHEALTHY, DevError
from devenv.databases.states import ASIDE, BUILT, DRAFT, PREVIOUS, SNAPSHOT
from devenv.datastates import dumps, live, snapshots, space, store
from devenv.datastates.steps import carry_out
from devenv.lifecycle import ending, gone
from tests.gitrepo import commit, git
from tests.messages import ALREADY_RUNS, DATA_OF

from . import world
from .world import LIVE, LOCK, World

ONE, TWO, OTHER = "0001_item", "0002_more", "0003_other"
DEFAULT = {"default a", "default b"}
VERBS: dict[str, Callable[[World], object]] = {
    "up": World.up,
    "reset": World.reset,
    "snapshot": lambda here: here.snapshot("another"),
    "restore": lambda here: here.restore("default"),
}


@pytest.fixture(params=["renames", "pointer"])
def here(here: World, request: pytest.FixtureRequest) -> World:
    here.renames = request.param == "renames"
    return here


def page() -> Path:
    return records.path("main", "catalog")


def kinds(here: World) -> list[tuple[str, str]]:
    return sorted((s.kind, s.name) for s in here.states() if s.database)


def busy(here: World) -> None:
    """A snapshot, data of another branch, data from before a reset, and rows by hand in all of them."""
    here.snapshot()
    here.reset()
    here.enter("by hand later")
    here.branch = "other"
    here.migrations(ONE, OTHER)
    here.up()
    here.enter("by hand there")


# ---- the record of this machine


def torn(text: str) -> str:
    return text[: len(text) // 2]


def with_data(data: object) -> Callable[[str], str]:
    return lambda text: json.dumps({**json.loads(text), "data": data})


HARMS: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "torn": torn,
    "not an object": lambda text: "[]",
    "wrong types": with_data([1]),
    "wrong types inside": with_data({"native": "x"}),
    "nothing of the data": with_data({}),
    "of another volume": with_data({"native": {"id": "v0", "migrated": "x", "files": {"a": "b"}}}),
    "older than the data": lambda text: text,
}


@pytest.mark.parametrize("harm", [*HARMS, "missing"])
def test_a_record_that_is_damaged_separates_nothing_from_what_is_known_of_it(here: World, harm: str) -> None:
    before = page().read_text()
    busy(here)
    rows, states = here.live, kinds(here)
    if harm == "missing":
        page().unlink()
    else:
        text = before if harm == "older than the data" else page().read_text()
        page().write_text(HARMS[harm](text))
    assert not {"migrate", "seed", "switch", "restore"} & set(here.up())
    assert (here.live, kinds(here)) == (rows, states)
    here.branch = "main"
    here.migrations(ONE, TWO)
    assert here.up() == ["switch"]
    assert "by hand later" in here.live
    here.restore("kept")
    assert "by hand" in here.live


def test_after_it_was_lost_the_record_says_the_same_again(here: World) -> None:
    busy(here)
    before = json.loads(page().read_text())["data"]
    page().unlink()
    here.up()
    assert json.loads(page().read_text())["data"] == before
    assert here.up() == []


def test_without_a_record_nothing_is_planned_before_the_server_was_asked(here: World) -> None:
    busy(here)
    page().unlink()
    here.running.clear()
    rows = here.live
    here.done.clear()
    here.up()
    assert here.live == rows
    first = next(words for words in here.done if words.startswith(("start", "server")))
    assert first == "start"


def test_data_that_is_gone_is_reported_before_anything_new_is_made(
    here: World, capfd: pytest.CaptureFixture[str]
) -> None:
    busy(here)
    here.volume, here.databases, here.table = "v2", {LIVE: frozenset()}, None
    here.done.clear()
    seen: list[str] = []

    def end(number: int, words: str, act: world.Act, half: world.Act) -> None:
        seen.append(capfd.readouterr().err)
        raise world.Killed

    here.end = end
    with pytest.raises(world.Killed):
        here.up()
    here.end = None
    assert f"{DATA_OF} catalog is gone (also aside main, previous previous, snapshot kept)" in seen[0]


# ---- another owner


@pytest.fixture
def elsewhere(tmp_path: Path, here: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """elsewhere() → from now on, commands use another state folder on the same server."""
    return lambda: monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("running", [True, False])
def test_data_of_another_state_folder_is_not_touched(
    here: World, elsewhere: Callable[[], None], verb: str, running: bool
) -> None:
    mine = records.home()
    databases, table = dict(here.databases), dict(here.table or {})
    elsewhere()
    if not running:
        here.running.clear()
    with pytest.raises(DevError, match=f"belongs to .*service catalog in workspace main, state in {mine}") as refused:
        VERBS[verb](here)
    assert refused.value.code == CONFLICT
    assert (here.databases, here.table) == (databases, table)


@pytest.mark.parametrize("verb", VERBS)
def test_an_owner_that_is_gone_cannot_object(
    here: World, elsewhere: Callable[[], None], verb: str, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = records.home()
    here.snapshot("mine")
    elsewhere()
    shutil.rmtree(mine)
    VERBS[verb](here)
    assert "it is taken over" in capfd.readouterr().err
    here.restore("mine")
    assert "by hand" in here.live


def test_a_state_folder_is_the_same_by_any_path(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(records.home().parents[1])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "link"))
    assert here.up() == []
    here.reset()


def test_data_of_another_owner_is_not_destroyed(here: World, elsewhere: Callable[[], None]) -> None:
    databases = dict(here.databases)
    elsewhere()
    with pytest.raises(DevError, match="belongs to") as refused:
        carry_out(here.env(), ending.destroy(here.env()))
    assert refused.value.code == CONFLICT
    assert here.databases == databases


# ---- the name in compose.yaml


def test_another_name_in_compose_yaml_is_given_to_the_data(here: World) -> None:
    if not here.renames:
        pytest.skip("its server cannot give a database another name")
    compose = here.repo / "compose.yaml"
    compose.write_text(compose.read_text().replace(f"POSTGRES_USER: {LIVE}", "POSTGRES_USER: me, POSTGRES_DB: shop"))
    rows = here.live
    del here.place
    here.up()
    assert here.live_name == "shop"
    assert here.live == rows
    here.reset()
    here.restore("previous")
    assert here.live == rows


# ---- data that only devenv wrote


def test_data_that_is_still_fresh_is_noted_as_used_before_the_app_starts(here: World) -> None:
    here.volume, here.databases, here.table = "v2", {LIVE: frozenset()}, None
    here.running = {"db"}
    with here.command("dev.seed") as env:
        live.migrate(env)
        live.seed(env, "default", {})
        assert live.known(env)["fresh"]
    here.running.clear()
    assert here.up() == ["start", "start"]
    assert "fresh" not in here.known()


def test_a_migrate_that_leaves_no_table_in_the_database_is_an_error(here: World) -> None:
    here.volume, here.databases, here.table = "v2", {LIVE: frozenset()}, None
    for file in [*(here.repo / "migrations").glob("*.py"), here.repo / LOCK]:
        file.write_text("") if file.name == LOCK else file.unlink()
    for act in (here.up, here.reset):
        with pytest.raises(DevError) as error:
            act()
        assert error.value.code == UNHEALTHY
        assert "commands.migrate ended with 0, but the database" in error.value.message
        assert error.value.message.startswith("dev.yaml:")
        assert any("DJANGO_SETTINGS_MODULE" in hint for hint in error.value.hints)


# ---- another checkout


@pytest.mark.parametrize("verb", VERBS)
def test_a_checkout_that_is_up_keeps_others_from_changing_its_data(here: World, tmp_path: Path, verb: str) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first/dev.yaml").touch()
    record = records.read("main", "catalog")
    record.checkout = str(tmp_path / "first")
    records.write(record)
    databases = dict(here.databases)
    with pytest.raises(DevError, match=f"{ALREADY_RUNS} main, from") as refused:
        VERBS[verb](here)
    assert refused.value.code == CONFLICT
    assert here.databases == databases
    shutil.rmtree(tmp_path / "first")
    VERBS[verb](here)


def test_another_name_of_the_service_is_reported_before_new_data_is_made(
    here: World, capfd: pytest.CaptureFixture[str]
) -> None:
    record = records.read("main", "catalog")
    record.service = "shelf"
    records.write(record)
    page().unlink()
    capfd.readouterr()
    here.up()
    said = capfd.readouterr().err
    assert "shelf was this service's name in main: its data stays, and catalog is new" in said
    assert gone.named("main/shelf").service == "shelf"
    with pytest.raises(DevError, match="is not gone"):
        gone.named("main/catalog")


# ---- databases that no row names


def test_without_any_record_the_databases_of_the_server_are_listed_and_stay(here: World) -> None:
    """As after a release that kept it all in files, which are gone."""
    busy(here)
    kept = dict(here.databases)
    here.table = None
    shutil.rmtree(records.home())
    here.up()
    here.reset()
    assert kept.keys() - {LIVE} <= here.databases.keys()
    rows = space.rows(store.look(here.env()))
    assert {row["name"] for row in rows if row["kind"] == "unknown"} == kept.keys() - {LIVE}
    env = store.look(here.env())
    space.prune(env, space.prunable(env, all=True))
    assert kept.keys() - {LIVE} <= here.databases.keys()
    hand = next(name for name in kept if name != LIVE and "by hand" in kept[name])
    with pytest.raises(DevError) as refused:
        snapshots.check_known(snapshots.find(env, hand))
    assert refused.value.code == REFUSED
    here.restore(hand, force=True)
    assert "by hand" in here.live


def test_they_are_named_before_anything_is_made_next_to_them(here: World, capfd: pytest.CaptureFixture[str]) -> None:
    here.snapshot()
    names = sorted(here.databases.keys() - {LIVE})
    here.table = None
    shutil.rmtree(records.home())
    capfd.readouterr()
    here.up()
    said = capfd.readouterr().err
    assert f"the record of its data is lost. Its server also has {', '.join(names)}" in said
    assert f"inv dev.restore {names[0]}" in said


# ---- a commit that is checked out without a branch


def test_data_of_a_detached_head_has_a_name_and_comes_back(here: World) -> None:
    here.branch = "0123456789ab"
    here.migrations(ONE, OTHER)
    here.up()
    here.enter("by hand on a commit")
    here.branch = "main"
    here.migrations(ONE, TWO)
    here.up()
    assert ("aside", "0123456789ab") in kinds(here)
    here.branch = "0123456789ab"
    here.migrations(ONE, OTHER, "0004_more")  # not the same migrations: its name brings it back
    assert here.up() == ["switch"]
    assert "by hand on a commit" in here.live


def test_outside_git_it_is_named_by_its_id(here: World) -> None:
    here.branch = ""
    here.reset()
    here.migrations(ONE, OTHER)
    here.up()
    [(_, name)] = [found for found in kinds(here) if found[0] == ASIDE]
    assert name


def test_the_name_of_a_detached_head_is_its_commit(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    env = here.env()
    assert store.branch(env) == ""
    git(here.repo, "init", "--quiet", "--initial-branch=main")
    commit(here.repo)
    assert store.branch(env) == "main"
    git(here.repo, "switch", "--quiet", "--detach")
    assert store.branch(env) == git(here.repo, "rev-parse", "HEAD").strip()[:12]


# ---- files of releases up to 0.6.0


def as_earlier(here: World, **more: Any) -> list[dict[str, Any]]:
    """Put what is known into files, as an earlier release had it, and take the table away."""
    env = store.look(here.env())
    live = {**env.data, "id": here.volume, "live": "" if here.renames else here.live_name}
    files = []
    for s in store.every(env):
        raw = {"id": s.id, "kind": s.kind, "name": s.name, "database": s.database, "volume": here.volume}
        raw |= {"files": dict(s.files), "data": {**s.data, "id": here.volume}, "key": s.key, "branch": s.branch}
        files.append({**raw, "created": s.created, "program": s.program, "after": None, "took": ""})
    here.table = None
    for raw in files:
        (dumps.home(env) / raw["id"] / dumps.MANIFEST).unlink(missing_ok=True)
        note(env, raw)
    record = records.read("main", "catalog")
    record.data = {"native": live, **more}
    records.write(record)
    return files


def note(env: Any, raw: dict[str, Any]) -> None:
    folder = dumps.home(env) / raw["id"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state.json").write_text(json.dumps(raw))


def left_of_it(here: World) -> list[Path]:
    return list(dumps.home(here.env()).glob("*/state.json"))


@pytest.mark.parametrize("verb", VERBS)
def test_what_an_earlier_release_noted_is_taken_over_at_once(here: World, verb: str) -> None:
    busy(here)
    before, rows = kinds(here), here.live
    as_earlier(here)
    here.running.clear()
    if verb == "up":
        assert here.up() == ["start"]
        assert here.live == rows
        assert kinds(here) == before
    else:
        VERBS[verb](here)
    assert left_of_it(here) == []
    assert here.up() == [] or verb != "up"
    here.branch = "main"
    here.migrations(ONE, TWO)
    here.up()
    assert "by hand later" in here.live
    here.restore("kept")
    assert "by hand" in here.live


@pytest.mark.parametrize("end", [world.killed, world.lost_after, world.interrupted], ids=lambda end: end.__name__)
def test_the_take_over_ends_at_any_step(here: World, end: Callable[[int], world.End]) -> None:
    busy(here)
    before, rows, hand = kinds(here), here.live, dict(here.databases)
    as_earlier(here)
    for at in range(60):
        here.done.clear()
        here.end = end(at)
        try:
            here.up()
        except (world.Killed, KeyboardInterrupt, DevError):
            here.end = None
            continue
        here.end = None
        break
    here.up()
    assert (kinds(here), here.live) == (before, rows)
    assert here.databases == hand
    assert left_of_it(here) == []


@pytest.mark.parametrize("happened", [True, False])
def test_a_swap_that_an_earlier_release_did_not_finish_is_finished(here: World, happened: bool) -> None:
    here.snapshot()
    old, moved = here.live, "service_0123456789ab"
    files = as_earlier(here)
    env = here.env()
    data = dict(env.record.data["native"])
    made = {"id": "d" * 12, "kind": DRAFT, "name": "", "database": "service_dddddddddddd", "volume": here.volume}
    here.databases[made["database"]] = frozenset(DEFAULT | {f"migration {ONE}", f"migration {TWO}"})
    after = {**data, "generation": "new", "live": "" if here.renames else made["database"]}
    aside = {**made, "id": "a" * 12, "kind": PREVIOUS, "name": PREVIOUS, "data": data, "files": data["files"]}
    aside |= {"database": moved if here.renames else here.live_name, "after": after, "took": made["id"]}
    for raw in (made, aside):
        note(env, raw)
    if happened and here.renames:
        here.databases[moved] = here.databases.pop(LIVE)
        here.databases[LIVE] = here.databases.pop(made["database"])
    elif happened:
        env.record.data = {"native": after}
        env.save()
    here.up()
    assert here.live == (frozenset(DEFAULT | {f"migration {ONE}", f"migration {TWO}"}) if happened else old)
    assert made["database"] in here.databases or here.renames or not happened
    assert len([s for s in here.states() if s.kind == DRAFT]) == 0
    assert len(kinds(here)) == len(files) + happened
    assert here.known()["generation"] == ("new" if happened else data["generation"])
    if happened:
        here.restore("previous")
        assert here.live == old


def test_an_export_that_an_earlier_release_did_not_finish_drops_nothing(here: World) -> None:
    here.snapshot()
    files = as_earlier(here)
    [kept] = [raw for raw in files if raw["kind"] == SNAPSHOT]
    note(here.env(), {**kept, "id": "e" * 12, "kind": DRAFT, "name": ""})
    note(here.env(), {**kept, "id": "f" * 12, "kind": DRAFT, "name": "", "database": here.live_name})
    here.up()
    assert "by hand" in here.live
    here.restore("kept")
    assert "by hand" in here.live


def test_a_draft_of_a_volume_that_is_gone_stops_nothing(here: World) -> None:
    as_earlier(here)
    draft = {"id": "d" * 12, "kind": DRAFT, "name": "", "database": "service_dddddddddddd", "volume": here.volume}
    note(here.env(), draft)
    here.volume, here.databases, here.table = "v2", {LIVE: frozenset()}, None
    here.up()
    assert here.up() == []


def test_an_earlier_release_finds_the_record_as_it_would_have_written_it(here: World) -> None:
    busy(here)
    copy = json.loads(page().read_text())["data"]["native"]
    assert copy["id"] == here.volume
    assert copy["live"] == ("" if here.renames else here.live_name)
    assert {key: copy[key] for key in here.known()} == here.known()


def test_what_an_earlier_release_did_to_the_data_in_between_counts(here: World) -> None:
    """It keeps the keys that it does not know, and so the signature, which does not fit any more."""
    here.snapshot()
    record = records.read("main", "catalog")
    here.migrations(ONE, TWO, "0004_theirs")
    here.databases[here.live_name] |= {"migration 0004_theirs"}
    record.data["native"]["files"]["migrations/0004_theirs.py"] = store.files(here.env())["migrations/0004_theirs.py"]
    record.data["native"]["generation"] = "theirs"
    records.write(record)
    here.up()
    assert here.known()["generation"] == "theirs"
    assert {(s.kind, s.name) for s in here.states()} >= {(SNAPSHOT, "kept"), (BUILT, "default")}
    here.migrations(ONE, TWO)
    assert here.up() == ["switch"]
