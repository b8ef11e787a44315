"""Which tools are kept in the shared cache, and which are removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.base import launch, records, toolcache
from devenv.base.records import Record

A, B, C = (letter * 40 for letter in "abc")
LONG = 90 * toolcache.DAY


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "cache/devenv"


def old(path: Path, seconds: float = LONG) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))


def entry(cache: Path, commit: str, age: float = LONG) -> Path:
    folder = cache / "tools" / commit
    (folder / "devenv").mkdir(parents=True)
    (folder / "devenv/__main__.py").write_text("import time; print('up', flush=True); time.sleep(60); import late\n")
    (folder / "devenv/requirements.txt").write_text(f"# {commit}\n")
    (folder / "MANIFEST").touch()
    old(folder / "MANIFEST", age)
    return folder


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Callable[..., Path]:
    """checkout("shop", A, age=…) → a folder that pins a commit and used it that many seconds ago."""

    def make(name: str, commit: str, age: float = LONG) -> Path:
        folder = tmp_path / "src" / name
        folder.mkdir(parents=True)
        (folder / ".cruft.json").write_text(json.dumps({"template": "t", "commit": commit}))
        monkeypatch.setattr(launch, "ROOT", folder)
        monkeypatch.setattr(launch, "TOOLS", cache / "tools" / commit)
        toolcache.note_use()
        for page in (cache / "users").glob("*.json"):
            if json.loads(page.read_text())["checkout"] == str(folder):
                old(page, age)
        monkeypatch.setattr(launch, "TOOLS", tmp_path / "elsewhere")
        return folder

    return make


def left(cache: Path) -> set[str]:
    return {path.name[0] for path in toolcache.entries()}


def test_what_nothing_used_for_sixty_days_is_removed(cache: Path, checkout: Callable[..., Path]) -> None:
    for commit in (A, B, C):
        entry(cache, commit)
    checkout("recent", A, age=59 * toolcache.DAY)
    checkout("long-ago", B, age=61 * toolcache.DAY)
    removed = toolcache.collect()
    assert {path.name for path in removed} == {B, C}
    assert left(cache) == {"a"}
    assert not list((cache / "tools").glob(".*")), "nothing half removed stays"


def test_what_was_just_fetched_stays(cache: Path) -> None:
    entry(cache, A, age=0)
    assert toolcache.collect() == []


def test_a_record_of_the_machine_keeps_its_tools(cache: Path, checkout: Callable[..., Path]) -> None:
    entry(cache, A)
    entry(cache, B)
    records.write(Record("shop", "main", checkout=str(checkout("shop", A))))
    assert [path.name for path in toolcache.collect()] == [B]


@pytest.mark.parametrize("harm", ["conflict", "empty", "other type", "a folder"])
def test_a_checkout_that_cannot_be_read_keeps_what_it_used(
    cache: Path, checkout: Callable[..., Path], harm: str
) -> None:
    entry(cache, A)
    entry(cache, B)
    page = checkout("shop", A) / ".cruft.json"
    if harm == "a folder":
        page.unlink()
        page.mkdir()
    else:
        page.write_text({"conflict": "<<<<<<< ours\n{}", "empty": "", "other type": "[1]"}[harm])
    assert [path.name for path in toolcache.collect()] == [B]


def test_a_disk_that_is_not_mounted_keeps_its_tools_and_a_removed_folder_does_not(
    cache: Path, checkout: Callable[..., Path], tmp_path: Path
) -> None:
    entry(cache, A)
    entry(cache, B)
    (tmp_path / "src").mkdir()
    gone = checkout("gone", B)
    disk = checkout("disk/shop", A)
    disk.parent.rename(tmp_path / "unplugged")
    (gone / ".cruft.json").unlink()
    gone.rmdir()
    assert [path.name for path in toolcache.collect()] == [B]


def test_a_record_of_a_checkout_that_nothing_is_known_of_keeps_everything(cache: Path, tmp_path: Path) -> None:
    entry(cache, A)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/.cruft.json").write_text("torn")
    records.write(Record("shop", "main", checkout=str(tmp_path / "shop")))
    assert toolcache.collect() == []


@pytest.mark.parametrize("text", ["", "[]", "3", '{"checkout": 3, "commit": [], "environment": null}', "torn {"])
def test_a_damaged_note_is_left_out(cache: Path, text: str) -> None:
    entry(cache, A)
    (cache / "users").mkdir()
    for name in ("1.json", ".clock", ".collected"):
        (cache / "users" / name).write_text(text)
    assert [path.name for path in toolcache.collect()] == [A]


@pytest.mark.parametrize("harm", [{"users": 3}, {"users": [["x"]]}, {"checkout": {"a": 1}}, {"root": None}])
def test_a_record_of_wrong_types_keeps_everything(cache: Path, harm: dict[str, object]) -> None:
    entry(cache, A)
    records.write(Record("shop", "main"))
    page = records.path("main", "shop")
    page.write_text(json.dumps({**json.loads(page.read_text()), **harm}))
    assert toolcache.collect() == []


@pytest.fixture
def running(cache: Path) -> Iterator[Path]:
    """The tools of A, with a process that was started from them."""
    folder = entry(cache, A)
    argv = [sys.executable, "-I", str(folder / "devenv"), "1", "/"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        yield folder
        process.kill()


def test_what_runs_is_never_removed(cache: Path, running: Path) -> None:
    entry(cache, B)
    assert [path.name for path in toolcache.collect()] == [B]
    assert (running / "devenv/__main__.py").exists()


def test_a_clock_that_jumped_removes_nothing(
    cache: Path, checkout: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry(cache, A, age=0)
    checkout("shop", A, age=0)
    toolcache.collect()
    now = time.time()
    for jump in (400, 500, 450, -300):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump * toolcache.DAY)
        assert toolcache.collect() == []
        assert left(cache) == {"a"}


def test_environments_go_with_the_tools_that_need_them(cache: Path, checkout: Callable[..., Path]) -> None:
    kept, removed = entry(cache, A, age=0), entry(cache, B)
    names = [f"{toolcache._digest(folder / 'devenv/requirements.txt')}-cpython" for folder in (kept, removed)]
    for name in names:
        (cache / "environments" / name).mkdir(parents=True)
        (cache / "environments" / name / "requirements.txt").touch()
        old(cache / "environments" / name / "requirements.txt")
    toolcache.collect()
    assert [path.name for path in toolcache.environments()] == names[:1]


def test_what_a_killed_fetch_left_goes_at_once(cache: Path) -> None:
    part = cache / "tools" / f".{A}.x1y2-part"
    part.mkdir(parents=True)
    assert toolcache.collect() == [part]


@pytest.mark.parametrize("folder", ["tools", "environments"])
def test_what_a_killed_collection_left_goes_with_the_next(cache: Path, folder: str) -> None:
    left = cache / folder / f".{A}.gone"
    (left / "devenv").mkdir(parents=True)
    assert toolcache.collect() == [left]
    assert not list((cache / folder).iterdir())


def test_noting_a_use_never_costs_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    toolcache.note_use()


def test_a_use_is_noted_once_a_day(cache: Path, checkout: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = checkout("shop", A, age=60)
    (page,) = (cache / "users").glob("*.json")
    monkeypatch.setattr(launch, "TOOLS", cache / "tools" / A)
    before = page.stat().st_mtime_ns
    toolcache.note_use()
    assert page.stat().st_mtime_ns == before
    old(page, toolcache.DAY + 60)
    toolcache.note_use()
    assert page.stat().st_mtime_ns > before
    assert json.loads(page.read_text())["checkout"] == str(folder)
