"""No legitimate branch is called drift. Each has two databases of its own, and one process migrates all of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPO
from tests.schema.branches import BRANCHES, COMPARE, MIGRATE, Files, of
from tests.schema.conftest import MIGRATION, statements, where
from tests.verbs.repo import Repo

PLACES = [where("native", kind, pytest.mark.slow) for kind in ("postgres", "mysql")]


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
def told() -> dict[str, dict[str, list[str]]]:
    return {}


@pytest.fixture
def compared(kind: str, service: Repo, told: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """What is told of each branch, by its name."""
    if kind not in told:
        names = {f"b{number:02}": name for number, name in enumerate(of(kind))}
        for short, name in names.items():
            write(service, short, BRANCHES[name])
        make_databases(service, kind, list(names))
        (service.path / "branches/migrate_all.py").write_text(MIGRATE)
        service.ok("dev.run", "--", "python", "branches/migrate_all.py", *names)
        told[kind] = {names[short]: lines for short, lines in compare(service, list(names)).items()}
    return told[kind]


def make_databases(repo: Repo, kind: str, names: list[str]) -> None:
    """Two for each: `NAME_production` holds what schema.sql does, `NAME_fresh` nothing."""
    repo.ok("dev.schema", "dump")
    schema = (repo.path / "schema.sql").read_text()
    if kind == "mysql":
        made = [
            f"CREATE DATABASE {n}_fresh; CREATE DATABASE {n}_production; USE {n}_production;\n{schema}" for n in names
        ]
        statements(repo, "".join(made), "service")
        return
    statements(repo, "CREATE DATABASE dumped;", "postgres")
    statements(repo, schema, "dumped")
    made = [f"CREATE DATABASE {n}_fresh; CREATE DATABASE {n}_production TEMPLATE dumped;\n" for n in names]
    statements(repo, "".join(made), "postgres")


def compare(repo: Repo, names: list[str]) -> dict[str, list[str]]:
    environment = {**os.environ, **repo.env}
    done = subprocess.run(
        [sys.executable, "-c", COMPARE, str(REPO), *names],
        cwd=repo.path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("engine", "kind"), PLACES, indirect=True)
def test_no_legitimate_branch_is_drift(kind: str, compared: dict[str, list[str]]) -> None:
    # MariaDB drops the index that a foreign key brought with it when the key goes, but not one that a dump names: after
    # a rename it keeps its old name.
    soft = ("soft: ",) if kind == "mysql" else ()
    told = {name: [line for line in lines if not line.startswith(soft)] for name, lines in compared.items()}
    assert len(told) >= 20
    assert {name: lines for name, lines in told.items() if lines} == {}
