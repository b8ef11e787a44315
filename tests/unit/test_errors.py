"""What the system refuses, as an error with a command that fits it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from devenv.base.errors import MISSING, of_system


@pytest.mark.parametrize(
    ("number", "command"),
    [
        (errno.ENOSPC, "inv dev.state prune"),
        (errno.EDQUOT, "inv dev.state prune"),
        (errno.EACCES, "another user"),
        (errno.EROFS, "read-only"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENOENT, "run it again"),
        (errno.EIO, "df -h"),
    ],
)
def test_each_refusal_of_the_system_has_its_own_hint(tmp_path: Path, number: int, command: str) -> None:
    path = tmp_path / "a folder" / "record.json"
    error = of_system(OSError(number, os.strerror(number), str(path)))
    (hint,) = error.hints
    assert error.code == MISSING
    assert error.message == f"{path}: {os.strerror(number)}"
    assert command in hint
    assert number == errno.EMFILE or f"'{path.parent}'" in hint


def test_a_refusal_without_a_file_or_with_one_that_is_no_text_is_told_too() -> None:
    assert of_system(OSError("no more processes")).hints
    assert of_system(OSError(errno.EIO, "Input/output error", 3)).hints  # a number of an open file
    error = of_system(PermissionError(errno.EACCES, "Permission denied", b"/odd/name"))
    assert error.message == "/odd/name: Permission denied"
    assert " /odd" in error.hints[0]
