"""Runs the contract's suite as users do: a program, a repository, an exit code, a report."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECK = Path(__file__).resolve().parents[1] / "contract" / "check.py"
SPECIMEN = Path(__file__).parent / "specimen"


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    code: int
    report: dict[str, Any]
    stderr: str

    def with_status(self, *statuses: str) -> set[str]:
        return {v["id"] for v in self.report["verdicts"] if v["status"] in statuses}

    @property
    def broken(self) -> set[str]:
        return self.with_status("broken", "fixed")

    def verdict(self, must: str) -> dict[str, str]:
        return next(v for v in self.report["verdicts"] if v["id"] == must)


def check(repo: Path, *flags: str) -> Checked:
    """Run the suite on a repository."""
    argv = [sys.executable, str(CHECK), str(repo), "--json", *flags]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode in (0, 1), done.stderr
    return Checked(done.returncode, json.loads(done.stdout), done.stderr)


def assert_kept(repo: Path, *flags: str) -> None:
    """All MUSTs that apply are kept, and the exit code is 0."""
    found = check(repo, *flags)
    failing = [verdict for verdict in found.report["verdicts"] if verdict["status"] not in ("kept", "not applicable")]
    assert not failing
    assert found.code == 0


@pytest.fixture
def specimen(bake: Callable[..., Path]) -> Path:
    """A small service that keeps the whole contract, with the template's environment."""
    repo = bake("bare", service="specimen", port=18170)
    shutil.copytree(SPECIMEN, repo, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "-C", str(repo), "init", "-q"], check=True)
    return repo
