"""A service with data and two branches, one of which lacks a migration of the other, on a real database."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import commit, git
from tests.verbs.fixtures import MakeRepo, removed_after
from tests.verbs.repo import Repo

OTHER = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial")]
    operations = [migrations.RunSQL("CREATE TABLE other (id int)")]
"""
SQL = {
    "postgres": ("-qAtX", "-v", "ON_ERROR_STOP=1", "-c"),
    "mysql": ("--batch", "--skip-column-names", "--execute"),
}


@dataclass
class Data:
    """A service whose live data holds a row that was entered by hand."""

    repo: Repo
    database: str

    def rows(self, query: str) -> list[str]:
        return self.repo.ok("dev.dbshell", "--", *SQL[self.database], query).stdout.splitlines()

    def courses(self) -> set[str]:
        return set(self.rows("SELECT code FROM courses_course"))

    def states(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.repo.ok("dev.state", "list", "--json").json()
        return listed

    def on(self, branch: str) -> None:
        """Check out a branch; `other` lacks a migration of `main`."""
        git(self.repo.path, "switch", "--quiet", branch)

    def kill_server(self) -> None:
        if self.repo.env["DEV_ENGINE"] == "compose":
            names = ["docker", "ps", "--quiet", "--filter", f"name={self.repo.project()}-db"]
            found = subprocess.run(names, capture_output=True, text=True, check=True).stdout.split()
            subprocess.run(["docker", "kill", *found], check=True, capture_output=True)
            return
        program = {"postgres": "postgres", "mysql": "mariadbd"}[self.database]
        for process in Path("/proc").glob("[0-9]*"):
            if is_server(process, program, self.repo.token):
                os.kill(int(process.name), signal.SIGKILL)


def is_server(process: Path, program: str, token: str) -> bool:
    """The server itself, not one of the processes that PostgreSQL has for its sessions."""
    try:
        words = (process / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return False
    return Path(words[0]).name == program and any(token in word for word in words[1:])


@pytest.fixture(params=["postgres", "mysql"])
def data(make_repo: MakeRepo, engine: str, request: pytest.FixtureRequest) -> Iterator[Data]:
    with removed_after(make_repo(database=request.param)) as repo:
        if engine == "native" and request.param == "postgres":
            request.getfixturevalue("link_environment")(repo.path)
        repo.ok("dev.up")
        branch(repo.path)
        yield Data(repo, request.param)


def branch(path: Path) -> None:
    git(path, "init", "--quiet", "--initial-branch=main")
    commit(path)
    git(path, "switch", "--quiet", "--create", "other")
    (path / "courses/migrations/0002_enrolment.py").rename(path / "away.py")
    (path / "courses/migrations/0002_other.py").write_text(OTHER)
    config = (path / "dev.yaml").read_text()
    (path / "dev.yaml").write_text(config.replace("python manage.py seed default", "echo '{}'"))
    commit(path)
    git(path, "switch", "--quiet", "main")
