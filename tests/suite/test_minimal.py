"""The complete repository on the first page of CONTRACT.md keeps level core."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.suite.conftest import CHECK, check

PAGE = CHECK.parents[2] / "CONTRACT.md"
FILE = re.compile(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# MUSTs that do not apply to a service without a database, and to one that does not run in containers.
DATABASE = {"DATA-1", "DATA-2", "DATA-3", "STK-5", "STK-6"}
CONTAINERS = {"STK-4"}


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    """The files that the page shows, committed."""
    repo = tmp_path / "hello"
    repo.mkdir()
    for name, text in FILE.findall(PAGE.read_text()):
        (repo / name).write_text(text)
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "From CONTRACT.md"]):
        subprocess.run(["git", "-C", str(repo), *who, *words], check=True)
    return repo


def test_the_page_shows_every_file(minimal: Path) -> None:
    files = {path.name for path in minimal.iterdir()} - {".git"}
    assert files == {"dev.yaml", "compose.yaml", "Dockerfile", "Makefile", "dev.sh", "server.py"}


def test_its_files_keep_level_core(minimal: Path) -> None:
    found = check(minimal, "--static")
    assert found.report["level"] == "core"
    assert found.with_status("kept", "not applicable") == {v["id"] for v in found.report["verdicts"]}
    assert found.code == 0


def test_it_keeps_level_core(minimal: Path) -> None:
    found = check(minimal, "--engine", "native")
    failing = {
        v["id"]: v["evidence"] for v in found.report["verdicts"] if v["status"] not in ("kept", "not applicable")
    }
    assert not failing
    assert found.with_status("not applicable") == DATABASE | CONTAINERS
    assert found.code == 0


def test_its_errors_name_a_taken_port_and_have_hints(minimal: Path) -> None:
    assert check(minimal, "--engine", "native", "--only", "OUT-8", "--only", "OUT-5").with_status("kept") == {
        "OUT-8",
        "OUT-5",
    }
