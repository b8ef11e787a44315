"""No legitimate branch is called drift. Each has two databases of its own, and one process migrates all of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.schema.branches import BRANCHES, COMPARE, MIGRATE, Files
from tests.schema.conftest import MIGRATION, statements
from tests.verbs.repo import Repo

pytestmark = [
    pytest.mark.parametrize("engine", ["native"], indirect=True),
    pytest.mark.parametrize("kind", ["postgres"], indirect=True),
]


def write(repo: Repo, folder: str, files: Files) -> None:
    """The app's migrations with those of a branch, as a package of their own."""
    target = repo.path / "branches" / folder
    shutil.copytree(repo.path / "courses/migrations", target, ignore=shutil.ignore_patterns("__pycache__"))
    before = "0003_lesson"
    for name, content in files.items():
        text = content if isinstance(content, str) else MIGRATION.format(after=before, operations=", ".join(content))
        (target / f"{name}.py").write_text(text)
        before = before if name in ("0004_left", "0001_squashed") else name


@pytest.fixture(scope="session")
def told() -> dict[str, list[str]]:
    return {}


@pytest.fixture
def compared(service: Repo, told: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is told of each branch, by its name."""
    if not told:
        names = {f"b{number:02}": name for number, name in enumerate(BRANCHES)}
        for short, name in names.items():
            write(service, short, BRANCHES[name])
        made = [
            f"CREATE DATABASE {each}_production TEMPLATE service; CREATE DATABASE {each}_fresh;\n" for each in names
        ]
        statements(service, "".join(made), "postgres")
        (service.path / "branches/migrate_all.py").write_text(MIGRATE)
        service.ok("dev.run", "--", "python", "branches/migrate_all.py", *names)
        told.update({names[short]: lines for short, lines in compare(service, list(names)).items()})
    return told


def compare(repo: Repo, names: list[str]) -> dict[str, list[str]]:
    python = repo.path / ".dev/local/venv/bin/python"
    environment = {**os.environ, **repo.env}
    done = subprocess.run(
        [python, "-c", COMPARE, *names], cwd=repo.path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", BRANCHES)
def test_a_legitimate_branch_is_no_drift(name: str, compared: dict[str, list[str]]) -> None:
    assert compared[name] == []
