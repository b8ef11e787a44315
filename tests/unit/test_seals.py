"""Lists of the files of a folder: every damage is noticed, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.base import seals, shapes
from devenv.base.shapes import ANY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    (made / "bin").mkdir(parents=True)
    (made / "bin" / "tool").write_bytes(b"\x7fELF" * 100)
    (made / "name with  two blanks").write_text("x")
    (made / "lib").symlink_to("bin")
    seals.write(made)
    return made


def test_no_flaw(folder: Path) -> None:
    (folder / "new").write_text("a file that is added later is not damage")
    (folder / "bin" / "__pycache__").mkdir()
    assert (seals.flaw(folder), seals.flaw(folder, whole=True)) == ("", "")


HARM: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:200]),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", ["bin/tool", seals.NAME])
def test_a_damaged_file_is_named(folder: Path, name: str, harm: str) -> None:
    HARM[harm](folder / name)
    assert seals.flaw(folder) == str(folder / name)


def test_another_content_of_the_same_size_is_noticed_by_a_whole_look(folder: Path) -> None:
    (folder / "bin" / "tool").write_bytes(b"\x00ELF" * 100)
    assert seals.flaw(folder) == ""
    assert seals.flaw(folder, whole=True) == str(folder / "bin" / "tool")


def test_a_link_to_another_place(folder: Path) -> None:
    (folder / "lib").unlink()
    (folder / "lib").symlink_to("lob")
    assert seals.flaw(folder, whole=True) == str(folder / "lib")


def test_a_list_next_to_its_folder(folder: Path) -> None:
    seals.write(folder, folder.with_name("list"))
    os.truncate(folder / "bin" / "tool", 3)
    assert seals.flaw(folder, folder.with_name("list")) == str(folder / "bin" / "tool")


SHAPE = {"port": int, "users": [str], "by": {ANY: {"due": str}}}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"port": 1, "users": ["a"], "other": None}, {"port": 1, "users": ["a"], "other": None}),
        ({"port": "1", "users": "a", "by": []}, {}),
        ({"port": True, "users": ["a", 3, None], "by": {"x": 3, "y": {"due": [], "more": 1}}},
         {"users": ["a"], "by": {"y": {"more": 1}}}),
        ([1], None),
        (None, None),
    ],
)  # fmt: skip
def test_what_has_another_shape_is_left_out(value: object, kept: object) -> None:
    assert shapes.shaped(value, SHAPE) == kept


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b"3"])
def test_a_file_that_is_no_such_object(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "file").write_bytes(text)
    assert shapes.read(tmp_path / "file", dict) is None
    assert shapes.read(tmp_path / "none", dict) is None
