"""What the machine knows: records that survive newer versions, crashes and broken files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base import records
from devenv.base.records import Record

words = st.text(max_size=5)
values = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), words), lambda v: st.lists(v), max_leaves=4)
objects = st.dictionaries(words, values, max_size=3)
unknown = objects.map(lambda found: {f"new-{key}": value for key, value in found.items()})
any_records = st.builds(
    Record, st.just("catalog"), st.just("main"), words, words, words, words, st.integers(0, 65535), words, words,
    users=st.lists(words), other=unknown,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def nothing_is_known(own_home: None) -> None:
    records.remove("main", "catalog")


def put(text: str) -> None:
    target = records.path("main", "catalog")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


@given(any_records)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    records.write(record)
    found = records.read("main", "catalog")
    assert found.other.pop("version") == 1
    assert found == record


@given(any_records, unknown)
def test_keys_of_a_newer_version_survive(record: Record, newer: dict[str, Any]) -> None:
    put(json.dumps({**newer, "other": "a key named like our field", "service": "catalog", "workspace": "main"}))
    found = records.read("main", "catalog")
    found.port = record.port
    records.write(found)
    content = json.loads(records.path("main", "catalog").read_text())
    assert {key: content[key] for key in newer} == newer
    assert (content["other"], content["port"], content["version"]) == ("a key named like our field", record.port, 1)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '"x"', "\x00", '{"port": 1'])
def test_a_broken_file_is_an_empty_record(text: str) -> None:
    put(text)
    assert records.read("main", "catalog") == Record("catalog", "main")


def test_a_file_that_is_not_utf8_is_an_empty_record() -> None:
    put("")
    records.path("main", "catalog").write_bytes(b"\xff\xfe")
    assert records.read("main", "catalog") == Record("catalog", "main")


def test_no_file_is_an_empty_record() -> None:
    assert records.read("main", "catalog") == Record("catalog", "main")


def test_an_empty_object_is_an_empty_record() -> None:
    put("{}")
    assert records.read("main", "catalog") == Record("catalog", "main")


def test_the_file_has_the_keys_of_the_contract() -> None:
    records.write(Record("catalog", "main"))
    content = json.loads(records.path("main", "catalog").read_text())
    assert set(content) == (set(asdict(Record("", ""))) - {"other"}) | {"version"}


def test_a_write_that_is_interrupted_leaves_the_old_record(monkeypatch: pytest.MonkeyPatch) -> None:
    records.write(Record("catalog", "main", port=1))

    def killed(source: Path, target: Path) -> None:
        assert json.loads(Path(source).read_text())["port"] == 2  # whole, before it takes the old one's place
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            records.write(Record("catalog", "main", port=2))
    assert records.read("main", "catalog").port == 1
    assert [path.name for path in records.home().glob("*/*.json")] == ["catalog.json"]  # the draft does not count


def test_a_removed_service_takes_an_empty_workspace_with_it() -> None:
    for service in ("catalog", "lms"):
        records.write(Record(service, "gone"))
    records.remove("gone", "catalog")
    assert [path.name for path in (records.home() / "gone").iterdir()] == ["lms.json"]
    records.remove("gone", "lms")
    assert not (records.home() / "gone").exists()
    records.remove("gone", "lms")  # again is nothing


def test_the_last_service_takes_the_identity_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    known = records.identity()
    for service in ("catalog", "lms"):
        records.write(Record(service, "gone"))
    records.remove("gone", "catalog")
    assert records.identity() == known
    records.remove("gone", "lms")
    assert not list(records.home().iterdir())


def test_workspaces_of_a_checkout(tmp_path: Path) -> None:
    for name, checkout in (("a", tmp_path), ("b", tmp_path / "x"), ("c", tmp_path)):
        records.write(Record("ours", name, checkout=str(checkout)))
        records.write(Record("other", name, checkout=str(tmp_path)))
    put("broken")
    assert records.workspaces_of(tmp_path, "ours") == ["a", "c"]


def test_a_checkout_that_a_link_leads_to_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old = tmp_path / "old"
    records.write(Record("ours", "main", checkout=str(old), root=str(old), users=[str(old)]))
    old.symlink_to(tmp_path / "new")
    found = records.read("main", "ours")
    assert {found.checkout, found.root, *found.users} == {str(tmp_path / "new")}
    assert records.workspaces_of(tmp_path / "new", "ours") == ["main"]


def test_without_xdg_state_home_it_is_below_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert records.home() == Path("/home/somebody/.local/state/devenv/v1")


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(os.fstat(fd).st_ino), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda source, target: (done.append("renamed"), replace(source, target)))
    records.replace_file(tmp_path / "file", "text")
    assert done == [(tmp_path / "file").stat().st_ino, "renamed", tmp_path.stat().st_ino]
