"""The data of an application that nobody here wrote: branches, packages, snapshots, files for others, drift."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import BIN
from tests.examples import services
from tests.gitrepo import commit, git
from tests.messages import DATA_OF, OF_A_PACKAGE, SET_ASIDE
from tests.verbs.fixtures import removed_after
from tests.verbs.repo import Repo

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.slow,
    pytest.mark.engine,
    pytest.mark.parametrize("engine", ["native", "compose"], indirect=True),
]
SEEDED = ["admin", "editor", "moderator"]
JANE = """
    INSERT INTO auth_user
      (username, password, email, first_name, last_name, is_superuser, is_staff, is_active, date_joined)
    VALUES ('jane', 'x', 'jane@people.example', 'Jane', 'Doe', false, false, true, now())
"""


@pytest.fixture
def wagtail(bake: Callable[..., Path], engine: str) -> Iterator[Repo]:
    """Up, on branch main, with a user who was entered by hand."""
    path = services.laid_over_bare(bake, "wagtail", 18170)
    git(path, "init", "--quiet", "--initial-branch=main")
    commit(path)
    with removed_after(services.workspace_of_its_own(path, engine)) as repo:
        repo.ok("dev.up")
        repo.rows(JANE)
        yield repo


def users(repo: Repo) -> list[str]:
    return repo.rows("SELECT username FROM auth_user ORDER BY username")


def another_package(repo: Repo) -> None:
    """A branch with another package, which adds tables."""
    git(repo.path, "switch", "--quiet", "--create", "oauth")
    for file, head, line in (
        ("pyproject.toml", "dependencies = [", '"django-oauth-toolkit>=3,<4",'),
        ("config/settings.py", "INSTALLED_APPS = [", '"oauth2_provider",'),
    ):
        repo.edit(file, head, f"{head}\n    {line}")
    subprocess.run([BIN / "uv", "lock", "--quiet"], cwd=repo.path, check=True)
    commit(repo.path)


def test_rows_stay_with_the_branch_whose_packages_they_need(wagtail: Repo) -> None:
    another_package(wagtail)
    assert "steps aside" not in wagtail.ok("dev.up").stderr
    assert users(wagtail) == [*SEEDED[:2], "jane", *SEEDED[2:]]
    git(wagtail.path, "switch", "--quiet", "main")
    said = wagtail.ok("dev.up").stderr
    assert f"{DATA_OF} oauth {SET_ASIDE}: oauth2_provider.0001_initial {OF_A_PACKAGE}" in said
    assert users(wagtail) == SEEDED
    assert wagtail.fetch("/")[0] == 200
    git(wagtail.path, "switch", "--quiet", "oauth")
    assert f"{DATA_OF} oauth comes back" in wagtail.ok("dev.up").stderr
    assert "jane" in users(wagtail)
    assert wagtail.ok("dev.up").commands == []


def test_a_reset_is_a_copy_and_can_be_taken_back(wagtail: Repo) -> None:
    done = wagtail.ok("dev.reset")
    assert "stored" in done.stderr
    assert not any("manage.py" in command for command in done.commands)
    assert users(wagtail) == SEEDED
    wagtail.ok("dev.restore", "previous")
    assert "jane" in users(wagtail)
    assert wagtail.ok("dev.up").commands == []


def test_a_file_without_people_is_at_home_on_the_other_engine(wagtail: Repo, engine: str, tmp_path: Path) -> None:
    file = str(tmp_path / "odd-case.tar.gz")
    assert wagtail.ok("dev.snapshot", "odd-case", "--export", file, "--scrub").stdout.strip() == file
    assert "jane" in users(wagtail)
    other = {"native": "compose", "compose": "native"}[engine]
    there = replace(wagtail, env={**wagtail.env, "DEV_ENGINE": other})
    there.ok("dev.restore", file)
    there.ok("dev.up")
    found = users(there)
    assert len(found) == 4
    assert "jane" not in found
    assert there.rows("SELECT count(*) FROM auth_user WHERE email LIKE '%people.example'") == ["0"]
    assert there.fetch("/")[0] == 200


def test_what_can_be_made_again_goes_and_rows_of_people_stay(wagtail: Repo) -> None:
    wagtail.ok("dev.snapshot", "kept")
    wagtail.ok("dev.reset", "--scenario", "blog", "-p", "posts=12")
    wagtail.ok("dev.reset", "--scenario", "blog", "-p", "posts=13")
    wagtail.ok("dev.state", "prune", "--yes")
    names = {state["name"] for state in wagtail.ok("dev.state", "list", "--json").json()}
    assert {"kept", "previous"} <= names
    wagtail.ok("dev.restore", "kept")
    assert "jane" in users(wagtail)
    wagtail.ok("dev.state", "prune", "--all", "--yes")
    left = wagtail.ok("dev.state", "list", "--json").json()
    assert [state["name"] for state in left] == ["live"]
    assert "jane" in users(wagtail)


def test_drift_of_a_schema_with_184_migrations(wagtail: Repo) -> None:
    wagtail.ok("dev.schema", "dump")
    assert wagtail.ok("dev.schema", "check", "--json").json()["differences"] == []
    wagtail.rows("CREATE INDEX quick ON wagtailcore_page (slug, title)")
    wagtail.ok("dev.schema", "dump")
    told = wagtail.fails(1, "dev.schema", "check").stdout
    assert "index quick of wagtailcore_page" in told
    assert len(told.splitlines()) == 1
