"""A service on PostgreSQL 18, whose image keeps data elsewhere than that of 17, and refuses a mount at the old path.

No registry that CI reaches has the image, so tests/kit/base-images.sh builds one with the same layout and refusal.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.gitrepo import commit, git
from tests.messages import USES_A_COPY
from tests.verbs.fixtures import ENGINES
from tests.verbs.repo import Repo

from .test_large_copies import ROWS, fill

IMAGE = "postgres:18"
WELDING = "SELECT title FROM courses_course WHERE code = 'welding'"
SEEDED, OURS = "Welding, an introduction", "Ours"

MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("courses", "0002_enrolment")]
    operations = []
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.parametrize("engine", ENGINES, indirect=True)]


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def image() -> None:
    """The image, on machines that can have it."""
    made = subprocess.run(
        ["bash", str(REPO / "tests/kit/base-images.sh"), "postgres-18"], capture_output=True, text=True, check=False
    )
    if made.returncode:
        end = pytest.fail if os.environ.get("DEVENV_REQUIRE_ENGINE") == "1" else pytest.skip
        end(f"{IMAGE} can be neither pulled nor built here: {(made.stderr or made.stdout)[-200:]}")


@pytest.fixture
def service(built_repo: Repo, engine: str, request: pytest.FixtureRequest) -> Repo:
    """A service in git, on 17, that was not started."""
    if engine == "compose":
        request.getfixturevalue("image")
    git(built_repo.path, "init", "--quiet", "--initial-branch=main")
    commit(built_repo.path)
    return built_repo


def use(repo: Repo, before: int, major: int) -> None:
    """Take another version in compose.yaml."""
    repo.edit("compose.yaml", f"image: postgres:{before}", f"image: postgres:{major}")


def volumes(repo: Repo) -> list[str]:
    """Those of the database's container, also the one without a name that the image declares."""
    found = docker("ps", "--all", "--quiet", "--filter", f"name={repo.token}.*-db-")
    return docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", found).split()


def ours(repo: Repo) -> None:
    repo.rows(f"UPDATE courses_course SET title = '{OURS}' WHERE code = 'welding'")


def test_all_that_is_done_with_data(service: Repo, engine: str, tmp_path: Path) -> None:
    use(service, 17, 18)
    commit(service.path)
    service.ok("dev.up")
    assert service.rows("SHOW server_version")[0].startswith("18")
    assert service.rows(WELDING) == [SEEDED]
    held = volumes(service) if engine == "compose" else []
    ours(service)

    service.ok("dev.snapshot", "kept")
    reset = service.ok("dev.reset")
    assert service.rows(WELDING) == [SEEDED]
    assert "CREATE DATABASE" in reset.stderr
    assert f"{USES_A_COPY} kept" in service.ok("dev.plan", "restore", "kept").stdout
    service.ok("dev.restore", "kept")
    assert service.rows(WELDING) == [OURS]

    git(service.path, "switch", "--quiet", "--create", "other")
    (service.path / "courses/migrations/0003_other.py").write_text(MIGRATION)
    commit(service.path)
    service.ok("dev.up")
    assert service.rows(WELDING) == [OURS]
    git(service.path, "switch", "--quiet", "main")
    service.ok("dev.up")
    git(service.path, "switch", "--quiet", "other")
    service.ok("dev.up")
    assert service.rows(WELDING) == [OURS]

    file = tmp_path / "carried.dump"
    service.ok("dev.snapshot", "carried", "--export", str(file))
    service.rows("DELETE FROM courses_course")
    service.ok("dev.restore", str(file))
    assert service.rows(WELDING) == [OURS]

    service.ok("dev.down")
    service.ok("dev.up")
    assert service.rows(WELDING) == [OURS]
    assert service.ok("dev.up").commands == []
    if engine == "compose":
        assert volumes(service) == held
        service.ok("dev.destroy", "--yes")
        there = docker("volume", "ls", "--quiet").split()
        assert [name for name in held if name in there] == []


def test_data_of_17_is_refused_and_kept(service: Repo) -> None:
    """No server reads the files of another major version."""
    service.ok("dev.up")
    ours(service)
    use(service, 17, 18)
    refused = service.fails(113, "dev.up")
    assert "its data is of postgres 17, not 18" in refused.error
    use(service, 18, 17)
    service.ok("dev.up")
    assert service.rows(WELDING) == [OURS]


def test_a_large_copy_asks_for_clones(service: Repo, engine: str) -> None:
    """A disk that cannot share blocks gets a plain copy."""
    use(service, 17, 18)
    service.ok("dev.up")
    fill(service)
    made = service.ok("dev.snapshot", "large", "--verbose")
    if engine == "compose":
        logs = service.ok("dev.logs", "db").stdout
        kind = docker("run", "--rm", "--volume", f"{volumes(service)[0]}:/data", IMAGE, "stat", "-fc", "%T", "/data")
        assert ("could not clone file" in logs) == (kind not in ("xfs", "btrfs"))
        assert made.stderr.count("-- CREATE DATABASE") == 1 + ("could not clone file" in logs)
    service.rows("TRUNCATE large")
    service.ok("dev.restore", "large")
    assert service.rows(ROWS) == ["18000|t"]
