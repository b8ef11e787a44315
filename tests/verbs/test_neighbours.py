"""Another user of the machine, with a real uid, tries what listens and what lies around: docs/security.md."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.verbs.fixtures import removed_after
from tests.verbs.repo import Repo

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

NEIGHBOUR = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
PUBLISHED = "development-only"  # the password of plain `docker compose up`, and of releases up to 0.6.0


def neighbour(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command of another user."""
    given = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env}
    return subprocess.run([*NEIGHBOUR, *argv], capture_output=True, text=True, check=False, env=given, cwd="/")


def address(repo: Repo, service: str, port: int) -> tuple[str, str]:
    """Where a server of the repo listens, as every user of the machine can find out."""
    if repo.env["DEV_ENGINE"] == "native":
        noted = Path(os.environ["XDG_STATE_HOME"], f"devenv/v1/main/{repo.token}/native/ports.json")
        return "127.0.0.1", str(json.loads(noted.read_text())[service])
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    argv = ["docker", "inspect", "--format", template, f"{repo.project()}-{service}-1"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[0], str(port)


@pytest.fixture
def postgres(make_repo: Callable[..., Repo], engine: str, request: pytest.FixtureRequest) -> Iterator[Repo]:
    with removed_after(make_repo("django")) as repo:
        if engine == "native":
            request.getfixturevalue("link_environment")(repo.path)
        repo.ok("dev.up")
        yield repo


def psql(repo: Repo, user: str, password: str, statement: str, database: str = "service") -> str:
    """What a neighbour's client says, with the server's answer."""
    host, port = address(repo, "db", 5432)
    login = ["--host", host, "--port", port, "--username", user, "--dbname", database]
    done = neighbour("psql", *login, "-XAtqc", statement, PGPASSWORD=password, PGCONNECT_TIMEOUT="10")
    return done.stdout + done.stderr


def test_a_neighbour_gets_nothing_from_postgres(postgres: Repo) -> None:
    for user in ("service", "devenv", "postgres"):
        for password in (PUBLISHED, "", user):
            assert "failed" in (said := psql(postgres, user, password, "SELECT 1")), (user, password, said)
