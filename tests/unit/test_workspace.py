"""Which workspace and which port."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base import ports, records
from devenv.base.errors import CONFLICT, USAGE, DevError
from devenv.base.records import Record
from devenv.context import workspace
from tests.messages import NOT_A_PORT, NOT_A_WORKSPACE_NAME, TAKEN_BY

from .conftest import Seam

# ---- the workspace


def worktree(root: Path) -> Path:
    root.mkdir(parents=True)
    (root / ".git").write_text("gitdir: /somewhere/catalog/.git/worktrees/x\n")
    return root


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return worktree(tmp_path / "My_Feature")


def record(checkout: Path, *workspaces: str) -> None:
    for name in workspaces:
        records.write(Record("catalog", name, checkout=str(checkout)))


def test_the_flag_wins(state_home: Path, checkout: Path) -> None:
    record(checkout, "running")
    assert workspace.choose(checkout, "catalog", "flag", {"DEV_WORKSPACE": "env"}) == "flag"


def test_then_the_environment(state_home: Path, checkout: Path) -> None:
    record(checkout, "running")
    assert workspace.choose(checkout, "catalog", "", {"DEV_WORKSPACE": "env"}) == "env"


def test_then_where_the_checkout_runs_already(state_home: Path, checkout: Path) -> None:
    record(checkout, "running")
    record(checkout.parent, "another")
    assert workspace.choose(checkout, "catalog", "", {"DEV_WORKSPACE": ""}) == "running"


def test_where_it_runs_twice_none_of_them_is_chosen(state_home: Path, checkout: Path) -> None:
    record(checkout, "one", "two")
    assert workspace.choose(checkout, "catalog", "", {}) == "my-feature"


def test_then_the_worktrees_name(state_home: Path, checkout: Path) -> None:
    record(checkout.parent, "another")
    assert workspace.choose(checkout, "catalog", "", {}) == "my-feature"


@pytest.mark.parametrize("git", ["", "folder", "submodule"])
def test_else_main(state_home: Path, tmp_path: Path, git: str) -> None:
    if git == "folder":
        (tmp_path / ".git").mkdir()
    elif git:
        (tmp_path / ".git").write_text("gitdir: ../.git/modules/catalog\n")
    assert workspace.choose(tmp_path, "catalog", "", {}) == "main"


@pytest.mark.parametrize("name", ["Main", "a_b", "-a", "a-", "a/b", "..", "a b", "ä", "a" * 41, "a\n"])
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_invalid_names(state_home: Path, tmp_path: Path, name: str, by: str) -> None:
    given, variables = (name, {}) if by == "flag" else ("", {"DEV_WORKSPACE": name})
    with pytest.raises(DevError, match=NOT_A_WORKSPACE_NAME) as caught:
        workspace.choose(tmp_path, "catalog", given, variables)
    assert caught.value.code == USAGE


@given(st.text(alphabet="aB9-_ .äß–", min_size=1, max_size=60).filter(lambda name: name.strip(".")))
def test_a_worktrees_name_becomes_a_workspace_name(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = workspace.worktree_name(worktree(Path(folder, name)))
    assert re.fullmatch(workspace.NAME, found)


# ---- the port


@pytest.mark.parametrize(
    ("name", "recorded", "given", "variables", "port"),
    [
        ("main", 0, 0, {}, 18160),
        ("main", 20000, 0, {}, 20000),
        ("main", 20000, 0, {"DEV_PORT": "21000"}, 21000),
        ("main", 20000, 22000, {"DEV_PORT": "21000"}, 22000),
        ("main", 0, 0, {"DEV_PORT": ""}, 18160),
        ("feature", 0, 0, {}, 0),  # a free one
        ("feature", 20000, 0, {}, 20000),
        ("feature", 0, 0, {"DEV_PORT": "21000"}, 21000),
    ],
)
def test_the_port(name: str, recorded: int, given: int, variables: dict[str, str], port: int) -> None:
    assert workspace.choose_port(18160, name, recorded, given, variables) == port


def test_the_port_of_the_debugger_has_a_variable_of_its_own() -> None:
    variables = {"DEV_PORT": "18200", "DEV_DEBUG_PORT": "5679"}
    assert workspace.choose_port(5678, "main", 0, 0, variables, "DEV_DEBUG_PORT") == 5679
    with pytest.raises(DevError, match=f"DEV_DEBUG_PORT=x {NOT_A_PORT}"):
        workspace.choose_port(5678, "main", 0, 0, {"DEV_DEBUG_PORT": "x"}, "DEV_DEBUG_PORT")


@pytest.mark.parametrize("value", ["x", "-1", "1.5", " 1", "²", "65536", "99999999"])
def test_an_invalid_port_in_the_environment(value: str) -> None:
    with pytest.raises(DevError, match=NOT_A_PORT) as caught:
        workspace.choose_port(18160, "main", 0, 0, {"DEV_PORT": value})
    assert caught.value.code == USAGE


@pytest.mark.parametrize("value", [-1, 65536])
def test_an_invalid_port_as_a_flag(value: int) -> None:
    with pytest.raises(DevError, match=NOT_A_PORT) as caught:
        workspace.choose_port(18160, "main", 0, value, {})
    assert caught.value.code == USAGE


def test_a_drawn_port_is_free(seam: Seam, state_home: Path) -> None:
    port = ports.draw()
    assert 1024 <= port <= 65535
    workspace.check_port(port, "catalog")  # raises nothing


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_a_conflict_that_names_who_listens_and_a_way_round(seam: Seam, address: str) -> None:
    with socket.socket() as other:
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DevError) as caught:
            workspace.check_port(port, "catalog")
    assert caught.value.code == CONFLICT
    assert caught.value.message.startswith(f"catalog: port {port} {TAKEN_BY} ")
    assert f"(pid {os.getpid()})" in caught.value.message
    command, _, other_port = caught.value.hints[0].rpartition(" ")
    assert command == "inv dev.up --port"
    assert int(other_port) != port


def test_a_port_that_a_container_publishes_names_the_container(seam: Seam) -> None:
    seam.answer("docker ps --filter", "main-lms-app-1\n")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(DevError, match=rf"{TAKEN_BY} the container main-lms-app-1$"):
            workspace.check_port(other.getsockname()[1], "catalog")


@pytest.mark.parametrize("name", ["設計", "prüfung", "x" * 60])
def test_a_worktree_whose_name_cannot_be_a_workspace_has_one_of_its_own(tmp_path: Path, name: str) -> None:
    found = workspace.worktree_name(worktree(tmp_path / name))
    other = workspace.worktree_name(worktree(tmp_path / f"{name[:-1]}y"))
    assert re.fullmatch(workspace.NAME, found)
    assert found != other


def test_a_service_in_a_folder_of_a_worktree(tmp_path: Path) -> None:
    inner = worktree(tmp_path / "my-feature") / "services" / "catalog"
    inner.mkdir(parents=True)
    assert workspace.worktree_name(inner) == "my-feature"


def test_a_checkout_that_moved_keeps_its_workspace(tmp_path: Path, state_home: Path) -> None:
    checkout = tmp_path / "catalog"
    (checkout / ".dev").mkdir(parents=True)
    (checkout / ".dev/VERSION").write_text("1")
    folder = {"folder": workspace.name_folder(checkout)}
    records.write(records.Record("catalog", "mine", checkout=str(checkout), up=folder))
    moved = checkout.rename(tmp_path / "moved")
    assert workspace.choose(moved, "catalog", "", {}) == "mine"


def test_a_folder_is_the_same_after_git_wrote_its_files_again_and_another_one_after_a_new_clone(tmp_path: Path) -> None:
    checkout = tmp_path / "catalog"
    (checkout / ".dev").mkdir(parents=True)
    before = workspace.name_folder(checkout)
    (checkout / ".dev/VERSION").write_text("2")
    assert workspace.folder_id(checkout) == workspace.name_folder(checkout) == before != ""
    shutil.rmtree(checkout)
    (checkout / ".dev").mkdir(parents=True)
    assert workspace.folder_id(checkout) == ""
    assert workspace.name_folder(checkout) != before
