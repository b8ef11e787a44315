"""What dev.schema refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.schema.conftest import address, migration, sql, where
from tests.verbs.repo import Repo

pytestmark = pytest.mark.parametrize(("engine", "kind"), [where("native", "postgres")], indirect=True)
DUMP = "inv dev.schema dump --from DSN"


@pytest.fixture
def dumped(service: Repo) -> Iterator[Repo]:
    """The service with the schema.sql of its own database."""
    service.ok("dev.schema", "dump")
    yield service
    (service.path / "schema.sql").unlink(missing_ok=True)


def databases(repo: Repo) -> list[str]:
    return repo.rows("SELECT datname FROM pg_database ORDER BY datname")


def test_the_same_schema_is_the_same_text(dumped: Repo) -> None:
    before = (dumped.path / "schema.sql").read_text()
    dumped.ok("dev.schema", "dump", "--from", address(dumped, "service"))
    here = "Made by `inv dev.schema dump`"
    assert (dumped.path / "schema.sql").read_text().replace(f"Made by `{DUMP}`", here) == before


@pytest.mark.parametrize("words", [("nonsense",), ("check", "--from", "x")])
def test_a_command_line_without_sense(words: tuple[str, ...], service: Repo) -> None:
    service.fails(2, "dev.schema", *words)


def test_a_server_that_refuses_logins(service: Repo) -> None:
    done = service.fails(110, "dev.schema", "dump", "--from", address(service, "service", password="a-wrong-one"))
    assert "password authentication failed" in done.stderr
    assert "a-wrong-one" not in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "schema.sql:1: the line `-- Server: ...`, which names its server, is missing"),
        (lambda text: text[: len(text) // 2], "the file is cut off: `-- The end.` is missing"),
    ],
)
def test_an_incomplete_dump(change: Callable[[str], str], message: str, dumped: Repo) -> None:
    file = dumped.path / "schema.sql"
    file.write_text(change(file.read_text()))
    done = dumped.fails(111, "dev.schema", "check")
    assert message in done.error
    assert done.hints == [DUMP]


@pytest.mark.slow
def test_equal_schemas_end_with_0_and_leave_nothing(dumped: Repo) -> None:
    before = databases(dumped)
    answer = dumped.ok("dev.schema", "check", "--json").json()
    assert (answer["equal"], answer["differences"]) == (True, [])
    assert databases(dumped) == before


@pytest.mark.slow
def test_a_statement_that_this_server_refuses(dumped: Repo) -> None:
    dumped.edit("schema.sql", "CREATE TABLE public.lesson (", "CREATE TABEL public.lesson (")
    before = databases(dumped)
    done = dumped.fails(111, "dev.schema", "check")
    assert "schema.sql:" in done.error
    assert 'syntax error at or near "TABEL"' in done.error
    assert databases(dumped) == before


@pytest.mark.slow
def test_a_pending_migration_that_fails_on_productions_schema(dumped: Repo) -> None:
    dumped.edit("schema.sql", "-- The end.", "ALTER TABLE public.lesson ADD added integer;\n\n-- The end.")
    file = migration(dumped, "0004_branch", "0003_lesson", sql("ALTER TABLE lesson ADD added int"))
    try:
        done = dumped.fails(1, "dev.schema", "check")
    finally:
        file.unlink()
    assert "on production's schema the pending migrations fail" in done.error
    assert 'column "added" of relation "lesson" already exists' in done.stderr
