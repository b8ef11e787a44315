"""Names on the engine: two owners never have the same, and what is there keeps its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devenv.base import records
from devenv.base.errors import DevError
from devenv.base.records import Record
from devenv.engines import choice, docker, names

COMPOSE = re.compile(r"[a-z0-9][a-z0-9_-]*")  # what Compose allows as the name of a project


def test_names_that_join_alike_differ(state_home: Path) -> None:
    one, other = Record("shop-api", "main"), Record("api", "main-shop")
    assert names.project(one) != names.project(other)
    assert names.project(one) == names.project(Record("shop-api", "main"))
    assert names.project(one).startswith("main-shop-api-")
    assert COMPOSE.fullmatch(names.project(one))


def test_each_state_folder_has_names_of_its_own(
    state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = names.project(Record("shop", "main")), names.network("main")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    second = names.project(Record("shop", "main")), names.network("main")
    assert not set(first) & set(second)


def test_a_state_folder_that_moved_keeps_its_names(
    state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names.project(Record("shop", "main"))
    (tmp_path / "state").rename(tmp_path / "moved")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "moved"))
    assert names.project(Record("shop", "main")) == before


@pytest.mark.parametrize("damage", ["", "x", "0" * 15])
def test_a_damaged_id_is_replaced_and_names_on_record_stay(state_home: Path, damage: str) -> None:
    record = Record("shop", "main", project=names.project(Record("shop", "main")))
    (state_home / "id").write_text(damage)
    assert re.fullmatch("[0-9a-f]{16}", records.identity())
    assert names.project(record) == record.project


@pytest.mark.parametrize("older", [{"engine": "compose"}, {"engine": "native", "data": {"compose": {"id": "x"}}}])
def test_an_environment_of_an_earlier_release_keeps_its_names(state_home: Path, older: dict[str, object]) -> None:
    record = Record("shop", "main", **older)  # type: ignore[arg-type]
    records.write(record)
    assert names.project(record) == "main-shop"
    assert names.network("main") == "devenv-main"
    assert names.network("other") != "devenv-other"


def test_a_record_of_processes_alone_is_no_older_environment(state_home: Path) -> None:
    assert names.project(Record("shop", "main", engine="native")) != "main-shop"


def test_a_service_on_record_in_containers_does_not_go_native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "server", docker.Server)
    with pytest.raises(DevError) as caught:
        choice.choose({}, "compose")
    assert caught.value.code == 110
    assert choice.choose({}, "").name == "native"
    assert choice.choose({"DEV_ENGINE": "native"}, "compose").name == "native"
