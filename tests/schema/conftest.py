"""Production's schema and this branch's migrations, on real databases.

`drifted` is a service whose production was mutated by hand in every way of mutations.py, and what one check says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.schema import mutations
from tests.verbs.fixtures import MakeRepo, engine, make_repo, removed_after  # noqa: F401
from tests.verbs.repo import Done, Repo

MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("courses", "{after}")]
    operations = [{operations}]
"""


def migration(repo: Repo, name: str, after: str, *operations: str) -> Path:
    """Write a migration of the app courses, of operations of Django."""
    file = repo.path / f"courses/migrations/{name}.py"
    file.write_text(MIGRATION.format(after=after, operations=", ".join(operations)))
    return file


def sql(*statements: str) -> str:
    return f"migrations.RunSQL({list(statements)!r}, migrations.RunSQL.noop)"


def statements(repo: Repo, text: str, database: str) -> str:
    """Give statements to the server's own client, for another database than the live one."""
    if repo.env["KIND"] == "mysql":  # its client takes the last name, which is ours
        return repo.ok(
            "dev.dbshell", "--", "--user=root", "--batch", "--skip-column-names", stdin=f"USE `{database}`;\n{text}"
        ).stdout
    return repo.ok(
        "dev.dbshell", "--", "-U", "devenv", "-qAtX", "-v", "ON_ERROR_STOP=1", "--dbname", database, stdin=text
    ).stdout


def address(repo: Repo, database: str, user: str = "", password: str = "") -> str:
    """A database of the service's own server, as one elsewhere."""
    port, known = repo.ok("dev.run", "--", "printenv", "DB_PORT", "DB_PASSWORD").stdout.split()
    password = password or known
    if repo.env["KIND"] == "postgres":
        return f"postgresql://{user or 'service'}:{password}@127.0.0.1:{port}/{database}"
    return f"mysql://{user or 'root'}:{password}@127.0.0.1:{port}/{database}?skip-ssl"


@pytest.fixture(scope="session")
def services() -> Iterator[dict[str, Repo]]:
    """Services that stay up from test to test, by database and engine."""
    repos: dict[str, Repo] = {}
    yield repos
    for repo in repos.values():
        with removed_after(repo):
            pass


def where(engine: str, kind: str, *marks: pytest.MarkDecorator) -> object:  # noqa: F811
    """A service of its own for all tests that name it, which one worker keeps."""
    group = pytest.mark.xdist_group(f"schema-{engine}-{kind}")
    return pytest.param(engine, kind, marks=[group, *marks], id=f"{engine}-{kind}")


NATIVE = [where("native", "postgres"), where("native", "mysql", pytest.mark.slow)]
CONTAINERS = [where("compose", kind, pytest.mark.engine, pytest.mark.slow) for kind in ("postgres", "mysql")]


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database."""
    return str(request.param)


@pytest.fixture
def service(
    kind: str,
    engine: str,  # noqa: F811
    services: dict[str, Repo],
    make_repo: MakeRepo,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
    link_environment: Callable[[Path], None],
) -> Repo:
    """A service whose database is migrated, with a lesson that has one of everything. Its schema.sql is anybody's."""
    key = f"{kind}-{engine}"
    if key not in services:
        repo = make_repo(into=tmp_path_factory.mktemp(key), database=kind)
        repo.env["KIND"] = kind
        if engine == "native" and kind == "postgres":
            link_environment(repo.path)
        migration(repo, "0003_lesson", "0002_enrolment", sql(*mutations.LESSON[kind]))
        services[key] = repo
        repo.ok("dev.schema", "dump")  # starts the database
        repo.ok("dev.run", "--", "python", "manage.py", "migrate", "--noinput")
    return services[key]


@dataclass(frozen=True)
class Drifted:
    """What dev.schema check says of a production that was mutated, for people and for programs."""

    dump: Done
    schema: str  # what schema.sql holds
    words: Done
    json: Done


@pytest.fixture(scope="session")
def checks() -> dict[str, Drifted]:
    return {}


@pytest.fixture
def drifted(kind: str, engine: str, service: Repo, checks: dict[str, Drifted]) -> Drifted:  # noqa: F811
    key = f"{kind}-{engine}"
    if key not in checks:
        checks[key] = mutate_and_check(service, kind)
    return checks[key]


def mutate_and_check(repo: Repo, kind: str) -> Drifted:
    """Production is the service at this commit, mutated; the branch edits old migrations and goes on by one."""
    repo.ok("dev.schema", "dump")
    make_production(repo, kind)
    by_hand = [line for each in mutations.of(kind) for line in each.sql.get(kind, ())]
    statements(repo, ";\n".join(by_hand) + ";\n", "production")
    reader = address(repo, "production", "reader", "pass word")
    dumped = repo.ok("dev.schema", "dump", "--from", reader.replace("pass word", "pass%20word"))
    repo.edit("schema.sql", f"-- Server: {PROGRAM[kind]} 1", f"-- Server: {PROGRAM[kind]} 9")
    schema = (repo.path / "schema.sql").read_text()
    folder = repo.path / "courses/migrations"
    migration(repo, "0003_lesson", "0002_enrolment", sql(*mutations.LESSON[kind], mutations.EDITED))
    (folder / "0001_squashed.py").write_text(mutations.SQUASHED)
    migration(repo, "0004_branch", "0003_lesson", sql("ALTER TABLE lesson ADD added int"))
    try:
        return Drifted(dumped, schema, repo.run("dev.schema", "check"), repo.run("dev.schema", "check", "--json"))
    finally:
        (folder / "0001_squashed.py").unlink()
        (folder / "0004_branch.py").unlink()
        migration(repo, "0003_lesson", "0002_enrolment", sql(*mutations.LESSON[kind]))


PROGRAM = {"postgres": "postgres", "mysql": "mariadb"}
READER = {
    "postgres": """
        CREATE ROLE reader LOGIN PASSWORD 'pass word';
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
    """,
    "mysql": """
        CREATE USER reader IDENTIFIED BY 'pass word';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON production.* TO reader; GRANT SELECT ON mysql.proc TO reader;
    """,
}


def make_production(repo: Repo, kind: str) -> None:
    """A database `production` with what schema.sql holds, and an account that may only read it."""
    statements(repo, "CREATE DATABASE production;", "service")
    statements(repo, (repo.path / "schema.sql").read_text(), "production")
    statements(repo, READER[kind], "production")
