"""The files of a server that was cut off while its image created them are removed, unless one may be a table."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator

import pytest

from devenv.databases.database import Database
from devenv.databases.mysql import MySQL
from devenv.databases.postgres import Postgres
from tests.conftest import until

POSTGRES = Postgres("db", "postgres", "service", "service", "secret")
MARIADB = MySQL("db", "mariadb", "root", "service", "secret")
PLACES = {POSTGRES: "/var/lib/postgresql/data", MARIADB: "/var/lib/mysql"}
LOGINS = {
    POSTGRES: ["env", "PGPASSWORD=secret", "psql", "--host=127.0.0.1", "--username=service", "--command"],
    MARIADB: ["mariadb", "--skip-ssl", "--host=127.0.0.1", "--user=root", "--password=secret", "service", "--execute"],
}
VARIABLES = (
    "POSTGRES_USER=service",
    "POSTGRES_PASSWORD=secret",
    "MYSQL_ROOT_PASSWORD=secret",
    "MYSQL_DATABASE=service",
)

pytestmark = pytest.mark.engine


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def name() -> Iterator[str]:
    """Of a volume and of its server."""
    made = f"devenv-test-{uuid.uuid4().hex[:8]}"
    yield made
    docker("rm", "--force", made)
    docker("volume", "rm", made)


@pytest.mark.parametrize(
    ("database", "image"), [(POSTGRES, "postgres:17"), (MARIADB, "mariadb:11")], ids=["postgres", "mariadb"]
)
def test_only_files_without_a_table_are_removed(database: Database, image: str, name: str) -> None:
    mount = ["--volume", f"{name}:{PLACES[database]}"]

    def cleared() -> int:
        return docker("run", "--rm", *mount, "--entrypoint", "sh", image, "-c", database.clearing).returncode

    def left() -> list[str]:
        listed = ["run", "--rm", *mount, "--entrypoint", "ls", image, "-A", PLACES[database]]
        return docker(*listed).stdout.split()

    def say(statement: str) -> None:
        """To the server, which is started for it and stopped."""
        assert docker("start", name).returncode == 0
        assert until(lambda: docker("exec", name, *LOGINS[database], statement).returncode == 0, 120)
        assert docker("stop", name).returncode == 0

    assert cleared() != 0, "there is nothing to remove"
    variables = [word for each in VARIABLES for word in ("--env", each)]
    assert docker("create", "--name", name, *mount, *variables, image).returncode == 0
    say("CREATE TABLE entry (n int)")
    there = left()
    assert cleared() != 0
    assert left() == there
    say("SELECT n FROM entry")
    say("DROP TABLE entry")
    assert cleared() == 0
    assert left() == []
