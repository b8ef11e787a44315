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
from tests.verbs.fixtures import COMPOSE
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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


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
    """Those of the database's container."""
    found = docker("ps", "--all", "--quiet", "--filter", f"name={repo.token}.*-db-")
    return docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", found).split()


def containers(repo: Repo) -> list[str]:
    return (
        docker("ps", "--quiet", "--filter", f"name={repo.token}").split() if repo.env["DEV_ENGINE"] == "compose" else []
    )


def ours(repo: Repo) -> None:
    repo.rows(f"UPDATE courses_course SET title = '{OURS}' WHERE code = 'welding'")


def test_all_that_is_done_with_data(service: Repo, engine: str, tmp_path: Path) -> None:
    use(service, 17, 18)
    commit(service.path)
    service.ok("dev.up")
    assert service.rows("SHOW server_version")[0].startswith("18")
    assert service.rows(WELDING) == [SEEDED]
    held = volumes(service) if engine == "compose" else []
    assert len(held) == (engine == "compose"), "also the one without a name that the image declares"
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
    service.rows("TRUNCATE courses_course CASCADE")
    service.ok("dev.restore", str(file))
    assert service.rows(WELDING) == [OURS]

    service.ok("dev.down")
    service.ok("dev.up")
    assert service.rows(WELDING) == [OURS]
    assert service.ok("dev.up").commands == []
    if engine == "compose":
        assert volumes(service) == held
        service.ok("dev.destroy", "--yes")
        assert held[0] not in docker("volume", "ls", "--quiet").split()


@pytest.mark.parametrize(("made", "wanted"), [(17, 18), (18, 17)])
def test_data_of_another_version_is_refused_and_kept(service: Repo, made: int, wanted: int) -> None:
    """No server reads the files of another major version."""
    refused_and_kept(service, made, wanted)


def refused_and_kept(service: Repo, made: int, wanted: int) -> None:
    use(service, 17, made)
    service.ok("dev.up")
    ours(service)
    use(service, made, wanted)
    before = containers(service)
    refused = service.fails(113, "dev.up")
    assert f"its data is of postgres {made}, not {wanted}" in refused.error
    assert "--export FILE" in refused.stderr
    assert containers(service) == before, "another one would leave the volume that its image declares"
    use(service, wanted, made)
    service.ok("dev.up")
    assert service.rows(WELDING) == [OURS]


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
@pytest.mark.parametrize(
    ("made", "wanted", "place"),
    [(17, 18, "/var/lib/postgresql/data"), (18, 17, "/var/lib/postgresql"), (17, 18, ""), (18, 17, "")],
)
def test_data_where_the_other_image_has_none_is_refused_and_kept(
    service: Repo, made: int, wanted: int, place: str
) -> None:
    """A volume as the documentation of the image has it: that of 18 refuses 17's, that of 17 does not see 18's.

    Without a place, it is the volume without a name that the image declares.
    """
    service.edit(".dev/compose/postgres.yaml", "      PGDATA: /var/lib/postgresql/data\n", "")
    service.edit(".dev/compose/postgres.yaml", "    tmpfs: /var/lib/postgresql\n", "")
    mounted = "    volumes:\n      - db-data:/var/lib/postgresql/data\n"
    now = mounted.replace("/var/lib/postgresql/data", place) if place else ""
    service.edit(".dev/compose/postgres.yaml", mounted, now)
    refused_and_kept(service, made, wanted)


def test_a_large_copy_asks_for_clones(service: Repo, engine: str) -> None:
    """A disk that cannot share blocks gets a plain copy."""
    use(service, 17, 18)
    service.ok("dev.up")
    fill(service)
    made = service.ok("dev.snapshot", "large", "--verbose")
    if engine == "compose":
        logs = service.ok("dev.logs", "-s", "db").stdout  # whether the kernel refuses depends on its version, too
        assert made.stderr.count("-- CREATE DATABASE") == 1 + ("could not clone file" in logs)
    service.rows("TRUNCATE large")
    service.ok("dev.restore", "large")
    assert service.rows(ROWS) == ["18000|t"]
