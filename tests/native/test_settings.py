"""What a person has set for other programs, in the home folder and in the shell, does not change what runs here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from . import stacks
from .conftest import Make
from .test_servers import SERVER

DATABASE = "    depends_on: [db]\n  db: {{image: '{0}', environment: {{{1}: '${{DB_NAME:-shop}}', {2}: root}}}}\n"
MARIADB = DATABASE.format("mariadb:11", "MARIADB_DATABASE", "MARIADB_ROOT_PASSWORD")
POSTGRES = DATABASE.format("postgres:17", "POSTGRES_DB", "POSTGRES_PASSWORD")

pytestmark = pytest.mark.xdist_group("native-small")


@dataclass
class Elsewhere:
    """A port on which the person's own server would be: it ends each connection, and notes it."""

    port: int
    seen: list[bytes] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Elsewhere(server.getsockname()[1])

        def note() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                found.seen.append(b"connected")
                connection.close()

        thread = threading.Thread(target=note, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.parametrize(
    ("others", "client"),
    [
        pytest.param(MARIADB, "mariadb", marks=pytest.mark.skipif(not SERVER, reason="mariadbd is not installed")),
        pytest.param(POSTGRES, "psql"),
    ],
    ids=["mariadb", "postgres"],
)
def test_the_clients_of_a_database_talk_to_the_service(
    small: Make, elsewhere: Elsewhere, tmp_path: Path, others: str, client: str
) -> None:
    """Files of options come before variables in MariaDB, and a verb may drop databases."""
    home = tmp_path / "home"
    home.mkdir()
    theirs = f"host=127.0.0.1\nport={elsewhere.port}\nuser=prod\npassword=theirs\n"
    (home / ".my.cnf").write_text(
        "".join(f"[{program}]\n{theirs}" for program in ("client", "mariadb", "mariadb-dump"))
    )
    (home / ".psqlrc").write_text("\\set ON_ERROR_STOP on\nSELECT theirs;\n")
    (home / ".pg_service.conf").write_text(f"[theirs]\nhost=127.0.0.1\nport={elsewhere.port}\n")
    port = str(elsewhere.port)
    settings = {
        **{"HOME": str(home), "PGHOSTADDR": "127.0.0.1", "PGPORT": port, "PGSERVICE": "theirs", "PGSSLMODE": "require"},
        **{"PGOPTIONS": "-c search_path=theirs", "PGDATABASE": "theirs", "MYSQL_HOST": "127.0.0.1"},
        **{"MYSQL_TCP_PORT": port, "MYSQL_UNIX_PORT": "/nonexistent", "MYSQL_PWD": "theirs"},
    }
    repo = small(stacks.compose(app="      DB_NAME: ${DB_NAME:-shop}\n", others=others), stacks.PYTHON, stacks.files())
    file = str(tmp_path / "one.tar.gz")
    for verb in (["dev.up"], ["dev.snapshot", "one", "--export", file], ["dev.restore", file], ["dev.reset"]):
        repo.ok(*verb, **settings)
    words = ["-qAtX", "-c"] if client == "psql" else ["-N", "-B", "-e"]
    assert repo.ok("dev.dbshell", "--", *words, "SELECT 6 * 7", **settings).stdout.strip() == "42"
    assert elsewhere.seen == []
