"""dev.lock from real repositories: what is chosen, written, read, found stale or moved; dev.lock the task."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.base import toolcache
from devenv.base.errors import CONFIG, CONFLICT, FOUND, USAGE, DevError
from devenv.context import environment
from devenv.model import document
from devenv.required import lockfile
from devenv.required.lockfile import Lock, Pin
from devenv.tasks import required
from tests.gitrepo import git
from tests.messages import DID_YOU_MEAN, IS_THE_SERVICE, MUST_BE_MAPPING, NOT_SUPPORTED

from .conftest import Repo

Make = Callable[[str], Repo]
Task = Callable[..., list[str]]


@pytest.fixture
def shop(make_repo: Make) -> Repo:
    """The root: it needs lms and notes, and both need auth."""
    auth, lms, notes = (make_repo(name) for name in ("auth", "lms", "notes"))
    auth.release("v1.0")
    auth.release("v1.2")
    lms.release("v1.0", auth="v1.0")
    notes.release("v1.0", auth="v1.2", lms="v1.0")
    return make_repo("shop").write(lms="v1.0", notes="v1.0")


@pytest.fixture
def task(shop: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Task:
    """task(check=True) → the lines on stdout of `inv dev.lock --check` in shop."""
    monkeypatch.setattr(environment, "ROOT", shop.root)

    def run(**flags: Any) -> list[str]:
        required.lock.body(None, **flags)
        return capsys.readouterr().out.splitlines()

    return run


def beside(shop: Repo, name: str) -> Repo:
    return Repo(shop.root.parent / name)


def head(shop: Repo, name: str) -> str:
    return git(beside(shop, name).root, "rev-parse", "HEAD")


def error_of(act: Callable[..., object], *args: Any, **flags: Any) -> DevError:
    with pytest.raises(DevError) as caught:
        act(*args, **flags)
    return caught.value


# ---- the file

words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2000, exclude_categories=["Cs", "Cc"]), min_size=1)
texts = st.one_of(
    words, st.sampled_from(["1.10", "no", "0123456701234567", "1e3", "a: b", "- x", "#", "{a}", "~", " "])
)
repos = texts.filter(lambda text: not re.match(r"[-\s]", text))
names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
tags = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,12}", fullmatch=True)
commits = st.from_regex(r"[0-9a-f]{40}", fullmatch=True)
pins = st.builds(Pin, names, repos, tags, commits, st.lists(texts, min_size=1, max_size=3).map(tuple))
locks = st.builds(Lock, texts, st.lists(pins, max_size=4).map(lambda found: {pin.name: pin for pin in found}))


@settings(deadline=None)
@given(locks)
def test_what_is_written_is_read(lock: Lock) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lockfile.write(Path(folder), lock)
        assert lockfile.read(Path(folder)) == lock


@settings(deadline=None)
@given(texts)
def test_a_text_is_read_as_it_was_meant_in_a_list_and_in_braces(text: str) -> None:
    assert yaml.safe_load(f"{{a: {document.scalar(text)}}}") == {"a": text}
    assert yaml.safe_load(f"- {document.scalar(text)}") == [text]


def a_pin(name: str, version: str = "v1.0") -> Pin:
    return Pin(name, f"../{name}", version, name[0] * 40, (f"shop {version}",))


def test_it_is_sorted_with_a_line_for_each_fact(tmp_path: Path) -> None:
    lockfile.write(tmp_path, Lock("0a1b", {name: a_pin(name) for name in ("notes", "lms")}))
    assert (tmp_path / "dev.lock").read_text().splitlines()[1:] == [
        "asks: 0a1b",
        "services:",
        *("  lms:", "    repo: ../lms", "    version: v1.0", f"    commit: {'l' * 40}"),
        *("    asked_by:", "      - shop v1.0"),
        *("  notes:", "    repo: ../notes", "    version: v1.0", f"    commit: {'n' * 40}"),
        *("    asked_by:", "      - shop v1.0"),
    ]


def test_two_branches_that_change_different_services_merge(tmp_path: Path) -> None:
    names = ("auth", "lms", "mail", "notes")
    sides = []
    for changed in ((), ("auth",), ("notes",)):
        side = tmp_path / f"side-{len(sides)}"
        side.mkdir()
        found = {name: a_pin(name, "v1.1" if name in changed else "v1.0") for name in names}
        lockfile.write(side, Lock("0a1b", found))
        sides.append(str(side / "dev.lock"))
    merge = ["git", "merge-file", "-p", sides[1], sides[0], sides[2]]
    done = subprocess.run(merge, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("version: v1.1") == 2


BROKEN = [
    "",
    "- a\n",
    "services: {}\n",
    "asks: a\nservices: [lms]\n",
    "asks: a\nservices:\n",
    "asks: 5\nservices: {}\n",
    "asks: a\nservices: {lms: v1}\n",
    "asks: a\nservices: {lms: {repo: r, version: v1, commit: c}}\n",
    "asks: a\nservices: {lms: {repo: r, version: 1.10, commit: c, asked_by: []}}\n",
    "asks: a\nservices: {lms: {repo: r, version: v1, commit: 5, asked_by: []}}\n",
    "asks: a\nservices: {lms: {repo: r, version: v1, commit: c, asked_by: shop}}\n",
    "asks: a\nservices: {lms: {repo: r, version: v1, commit: c, asked_by: [1]}}\n",
    "asks: a\n<<<<<<< HEAD\nservices: {}\n=======\nservices:\n>>>>>>> other\n",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_reported_with_the_way_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "dev.lock").write_text(text)
    error = error_of(lockfile.read, tmp_path)
    assert (error.code, error.hints) == (CONFIG, ("rm dev.lock; inv dev.lock",))
    assert error.message.startswith("dev.lock:")


# ---- resolving


def test_all_that_is_needed_is_pinned(shop: Repo) -> None:
    lock = lockfile.resolve(shop.config)
    assert {name: (pin.repo, pin.version, pin.commit, pin.asked_by) for name, pin in lock.pins.items()} == {
        "auth": ("../auth", "v1.2", head(shop, "auth"), ("lms v1.0", "notes v1.2")),
        "lms": ("../lms", "v1.0", head(shop, "lms"), ("notes v1.0", "shop v1.0")),
        "notes": ("../notes", "v1.0", head(shop, "notes"), ("shop v1.0",)),
    }


def test_without_the_network(shop: Repo, hidden: Callable[[Repo], None]) -> None:
    first = lockfile.current(shop.config)
    for name in ("auth", "lms", "notes"):
        hidden(beside(shop, name))
    assert lockfile.current(shop.config) == first
    (shop.root / "dev.lock").unlink()
    assert lockfile.current(shop.config) == first


def test_a_cycle_through_the_root(shop: Repo) -> None:
    beside(shop, "auth").release("v1.3", shop="v9.0", notes="v1.0")
    shop.write(lms="v1.0", notes="v1.0", auth="v1.3")
    assert set(lockfile.resolve(shop.config).pins) == {"auth", "lms", "notes"}


def test_a_conflict_and_its_settlement(shop: Repo) -> None:
    beside(shop, "auth").release("v2.0")
    beside(shop, "notes").release("v1.1", auth="v2.0")
    shop.write(lms="v1.0", notes="v1.1")
    error = error_of(lockfile.resolve, shop.config)
    assert error.code == CONFLICT
    assert "lms wants auth v1.0 from ../auth (lms@" in error.message
    assert ":dev.yaml:6)" in error.message
    assert error.hints == ("choose one in this repository's dev.yaml: override: {auth: v2.0}",)
    shop.write({"auth": "v2.0"}, lms="v1.0", notes="v1.1")
    assert lockfile.resolve(shop.config).pins["auth"].version == "v2.0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('contract: "9.0"\nservice: lms\n', f":dev.yaml:1: contract 9.0 {NOT_SUPPORTED}"),
        ('contract: "1.0"\nservice: cms\n', f":dev.yaml:2: ../lms {IS_THE_SERVICE} cms, not lms"),
        ('contract: "1.0"\nservice: lms\nrequires: x\n', f':dev.yaml:3: requires: {MUST_BE_MAPPING}, not "x"'),
    ],
)
def test_a_repository_that_cannot_be_required(shop: Repo, text: str, message: str) -> None:
    lms = beside(shop, "lms")
    (lms.root / "dev.yaml").write_text(text)
    commit = lms.commit()
    git(lms.root, "tag", "v2.0")
    shop.write(lms="v2.0")
    error = error_of(lockfile.resolve, shop.config)
    assert (error.code, error.message) == (CONFIG, f"lms@{commit[:12]}{message}")


def test_it_is_resolved_again_only_when_dev_yaml_asks_for_something_else(shop: Repo) -> None:
    first = lockfile.current(shop.config)
    beside(shop, "auth").release("v1.2")  # moved: nobody looks until dev.lock is typed
    assert lockfile.current(shop.config) == first
    shop.write({"auth": "v1.0"}, lms="v1.0", notes="v1.0")
    assert lockfile.current(shop.config).pins["auth"].version == "v1.0"
    assert lockfile.read(shop.root) == lockfile.current(shop.config)


def test_who_requires_nothing_needs_no_file(make_repo: Make) -> None:
    alone = make_repo("alone")
    assert lockfile.current(alone.config).pins == {}
    assert not (alone.root / "dev.lock").exists()


# ---- the task


def test_the_task_writes_and_answers(shop: Repo, task: Task) -> None:
    lines = task()
    assert lines[0] == f"auth v1.2 {head(shop, 'auth')} (lms needs v1.0, notes needs v1.2)"
    assert [line.split()[0] for line in lines] == ["auth", "lms", "notes"]
    assert task(check=True) == lines


def test_check_finds_a_stale_lock_and_changes_nothing(shop: Repo, task: Task) -> None:
    error = error_of(task, check=True)
    assert (error.code, error.hints) == (FOUND, ("inv dev.lock",))
    assert not (shop.root / "dev.lock").exists()
    task()
    before = (shop.root / "dev.lock").read_bytes()
    beside(shop, "lms").release("v1.1")
    shop.write(lms="v1.1", notes="v1.0")
    error = error_of(task, check=True)
    assert error.code == FOUND
    assert "lms v1.0@" in error.message
    assert (shop.root / "dev.lock").read_bytes() == before


def test_check_where_nothing_is_required(shop: Repo, task: Task) -> None:
    shop.write()
    assert task(check=True) == []
    assert task() == []
    assert not (shop.root / "dev.lock").exists()


@pytest.mark.parametrize("flags", [{}, {"check": True}, {"upgrade": ["notes"]}])
def test_a_tag_that_moved(shop: Repo, task: Task, flags: dict[str, Any]) -> None:
    task()
    old, before = head(shop, "lms"), (shop.root / "dev.lock").read_bytes()
    new = beside(shop, "lms").release("v1.0", auth="v1.0")
    error = error_of(task, **flags)
    assert (error.code, error.message) == (CONFLICT, f"lms: the tag v1.0 moved from {old[:12]} to {new[:12]}")
    assert (shop.root / "dev.lock").read_bytes() == before


def test_a_tag_that_moved_and_was_meant_to(shop: Repo, task: Task) -> None:
    task()
    new = beside(shop, "lms").release("v1.0", auth="v1.0")
    assert error_of(task).hints == ("if that is intended: rm dev.lock; inv dev.lock",)
    (shop.root / "dev.lock").unlink()
    assert f"lms v1.0 {new} (notes needs v1.0, shop needs v1.0)" in task()


def test_upgrading_accepts_that_services_moved_tag(shop: Repo, task: Task) -> None:
    task()
    new = beside(shop, "lms").release("v1.0", auth="v1.0")
    assert f"lms v1.0 {new} (notes needs v1.0, shop needs v1.0)" in task(upgrade=["lms=v1.0"])


def test_a_branch_may_move(shop: Repo, task: Task) -> None:
    shop.write(lms="main")
    task()
    new = beside(shop, "lms").commit()
    assert f"lms main {new} (shop needs main)" in task()


def test_upgrade_takes_the_highest_of_the_major_and_changes_that_line_alone(shop: Repo, task: Task) -> None:
    lms = beside(shop, "lms")
    for tag in ("v1.2", "v1.10", "v2.0", "v1.11-rc1"):
        lms.release(tag)
    before = (shop.root / "dev.yaml").read_text()
    task(upgrade=["lms"])
    after = (shop.root / "dev.yaml").read_text()
    assert after == before.replace("version: v1.0  # tested", "version: v1.10  # tested", 1)
    assert lockfile.current(shop.config).pins["lms"].version == "v1.10"


def test_upgrade_several_to_given_versions(shop: Repo, task: Task) -> None:
    beside(shop, "lms").release("v2.0")
    beside(shop, "notes").release("1.10")
    task(upgrade=["lms=v2.0", "notes=1.10"])
    assert {n: p.version for n, p in lockfile.current(shop.config).pins.items()} == {"lms": "v2.0", "notes": "1.10"}


@pytest.mark.parametrize(
    "line",
    [
        "requires: {notes: {repo: ../notes, version: v1.0}, lms: {repo: ../v1.0/../lms, version: v1.0}}  # v1.0\n",
        "requires:\r\n  lms:\r\n    version:\r\n      'v1.0'  # é v1.0\r\n    repo: ../lms\r\n",
    ],
)
def test_upgrade_in_any_style_of_yaml(shop: Repo, task: Task, line: str) -> None:
    (shop.root.parent / "v1.0").mkdir()
    beside(shop, "lms").release("v1.1")
    text = (shop.root / "dev.yaml").read_text().partition("requires:")[0] + "# é\n" + line
    (shop.root / "dev.yaml").write_bytes(text.encode())
    task(upgrade=["lms"])
    after = (shop.root / "dev.yaml").read_bytes().decode()
    old = "'v1.0'" if "'" in line else "v1.0"
    at = [n for n in range(len(text)) if text.startswith(old, n)][-1 if "'" in line else 2]
    assert after == text[:at] + "v1.1" + text[at + len(old) :]


ELSEWHERE = {
    "merge": "{notes: &all {repo: ../notes, version: v1.0}, lms: {<<: *all, repo: ../lms}}",
    "alias": "{notes: {repo: ../notes, version: &it v1.0}, lms: {repo: ../lms, version: *it}}",
    "anchor around it": "{lms: &all {repo: ../lms, version: v1.0}, notes: {<<: *all, repo: ../notes}}",
    "alias of all of it": "{notes: &all {repo: ../notes, version: v1.0}, lms: *all}",
    "anchor": "{lms: {repo: ../lms, version: &it v1.0}, notes: {repo: ../notes, version: *it}}",
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_upgrade_does_not_change_a_shared_version(shop: Repo, task: Task, case: str) -> None:
    for name in ("lms", "notes"):
        beside(shop, name).release("v1.1")
    text = (shop.root / "dev.yaml").read_text().partition("requires:")[0] + f"requires: {ELSEWHERE[case]}\n"
    (shop.root / "dev.yaml").write_text(text)
    error = error_of(task, upgrade=["lms=v1.1"])
    line = text.count("\n")
    message = f"dev.yaml:{line}: requires.lms: its version comes from elsewhere in the file (`<<`, `*` or `&`)"
    assert (error.code, error.message) == (CONFIG, message)
    assert error.hints == ("write `version: v1.1` there by hand, then: inv dev.lock",)
    assert (shop.root / "dev.yaml").read_text() == text


def test_an_upgrade_that_makes_no_sense_changes_nothing(shop: Repo, task: Task) -> None:
    before = (shop.root / "dev.yaml").read_bytes()
    error = error_of(task, upgrade=["lsm"])
    assert (error.code, error.hints) == (USAGE, (f"{DID_YOU_MEAN} lms? allowed: lms, notes",))
    assert error_of(task, upgrade=["lms=v7.0"]).code == CONFIG
    assert (shop.root / "dev.yaml").read_bytes() == before


def test_all_mirrors_are_in_the_cache(shop: Repo, own_machine: Path) -> None:
    lockfile.resolve(shop.config)
    assert toolcache.home().is_relative_to(own_machine)
    found = sorted(path.name.rpartition("-")[0] for path in (toolcache.home() / "mirrors").glob("*.git"))
    assert found == ["auth", "lms", "notes"]
