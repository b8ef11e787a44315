"""One line in an owner's file, or the reason why not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import run_quietly
from tests.messages import IS_A_LINK
from tools.adopt.repository import Entry
from tools.adopt.wiring import DEV_MK, IMPORT, INCLUDE, Unwired, makefile, same_targets, tasks


def wired(name: str, text: bytes) -> bytes:
    done = (makefile if "akefile" in name else tasks)(name, Entry("100644", text))
    assert isinstance(done, Entry), done
    return done.content


def why(name: str, text: bytes, mode: str = "100644") -> str:
    done = (makefile if "akefile" in name else tasks)(name, Entry(mode, text))
    assert isinstance(done, Unwired), done
    return done.why


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"all:\n\techo\n", b"all:\n\techo\n" + INCLUDE + b"\n"),
        (b"all:\n\techo", b"all:\n\techo\n" + INCLUDE + b"\n"),
        (b"", INCLUDE + b"\n"),
        (b"SRC = a \\\n", b"SRC = a \\\n\n" + INCLUDE + b"\n"),
        (b"# dev.up: see below\ndev-up:\n", b"# dev.up: see below\ndev-up:\n" + INCLUDE + b"\n"),
        (b"dev.mode := 1\n", b"dev.mode := 1\n" + INCLUDE + b"\n"),
    ],
)
def test_makefile_includes_ours_last(before: bytes, after: bytes) -> None:
    assert wired("Makefile", before) == after


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        (b"all:\r\n\techo\r\n", "100644", "Makefile has Windows line endings"),
        (b"build/Makefile", "120000", f"Makefile {IS_A_LINK}"),
    ],
)
def test_makefile_that_is_left(text: bytes, mode: str, reason: str) -> None:
    assert why("Makefile", text, mode).startswith(reason)


@given(st.binary())
def test_makefile_keeps_every_byte(text: bytes) -> None:
    done = makefile("Makefile", Entry("100755", text))
    if isinstance(done, Entry):
        assert done.content.startswith(text)
        assert done.content[len(text) :].strip() == INCLUDE
        assert done.mode == "100755"


def test_the_included_targets_do_not_become_the_default_goal(tmp_path: Path) -> None:
    (tmp_path / ".dev").mkdir()
    (tmp_path / ".dev/dev.mk").write_text("dev.up:\n\t@echo up\n")
    (tmp_path / "Makefile").write_bytes(wired("Makefile", b"all:\n\t@echo all"))
    assert run_quietly("make", "-s", "-C", tmp_path).stdout == "all\n"
    assert run_quietly("make", "-s", "-C", tmp_path, "dev.up").stdout == "up\n"


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        (b"all:\n\ndev.up: all\n", {"dev.up": 3}),
        (b"dev.up dev.down &: x\n", {"dev.up": 1, "dev.down": 1}),
        (b"x:\nup dev.up: y\ndev.provision:\n", {"dev.up": 2}),
    ],
)
def test_targets_with_the_same_name_are_listed_and_stay(text: bytes, theirs: dict[str, int]) -> None:
    listed = [each.why for each in same_targets("Makefile", Entry("100644", text))]
    assert listed == [f"Makefile:{line} has a target {own} of its own, which stays" for own, line in theirs.items()]
    assert f"DEV_THEIRS := {' '.join(sorted(theirs))}\n".encode() in wired("Makefile", text)


def test_their_recipe_and_our_other_targets_run(tmp_path: Path) -> None:
    (tmp_path / ".dev").mkdir()
    (tmp_path / ".dev/dev.mk").write_bytes(DEV_MK.read_bytes())
    (tmp_path / ".dev/run").write_text('echo "ours: $1"\n')
    (tmp_path / "Makefile").write_bytes(wired("Makefile", b"dev.up:\n\t@echo theirs\n"))
    theirs = run_quietly("make", "-s", "-C", tmp_path, "dev.up")
    assert (theirs.stdout, theirs.stderr) == ("theirs\n", "")
    assert run_quietly("make", "-s", "-C", tmp_path, "dev.down").stdout == "ours: dev.down\n"


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (b"from invoke import task\n", 1),
        (b'"""Ours."""\nfrom invoke import task\n', 2),
        (b'"""Ours.\n\nLong."""\n\nfrom __future__ import annotations\nimport invoke\n', 6),
        (b"#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport invoke\n", 3),
        (b'"""Ours."""\r\nimport invoke\r\n', 2),
        (b"import os; import sys\nimport invoke\n", 1),
    ],
)
def test_tasks_import_ours_first(before: bytes, line: int) -> None:
    after = wired("tasks.py", before)
    lines = after.splitlines(keepends=True)
    assert lines[line - 1].strip() == IMPORT
    assert b"".join(lines[: line - 1] + lines[line:]) == before
    ast.parse(after)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"from celery import shared_task\n", "tasks.py does not define tasks of invoke"),
        (b"import invoke\ndef broken(:\n", "tasks.py cannot be read as Python"),
        (b"\xef\xbb\xbfimport invoke\n", "tasks.py begins with a byte order mark"),
        (b"import invoke\n\0", "tasks.py cannot be read as Python"),
    ],
)
def test_tasks_that_are_left(text: bytes, reason: str) -> None:
    assert why("tasks.py", text).startswith(reason)
