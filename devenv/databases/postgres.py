"""PostgreSQL: the database that a service's compose file declares, and operations in its server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from devenv.base import disk, events
from devenv.base.process import Result
from devenv.databases.database import Database, literal
from devenv.engines.interface import Engine
from devenv.model.services import Service

PROGRAMS = ("postgres", "postgis", "pgvector", "timescaledb")  # images that are a PostgreSQL server
ATTEMPTS = 4  # to copy: a session may connect after all others were ended and before the lock is taken
SETTLING = 100  # checks, a tenth of a second apart, until terminated sessions have ended


class Postgres(Database):
    """See database.Database for what each method promises."""

    def client(self, *args: str, database: str = "") -> list[str]:
        return ["psql", "--username", self.user, "--dbname", database or self.name, *args]

    def version(self, engine: Engine) -> str:
        return self._admin(engine, "SHOW server_version").partition(" ")[0]

    def create(self, engine: Engine) -> None:
        self._run(engine, f"CREATE DATABASE {identifier(self.name)} OWNER {identifier(self.user)}")

    def drop(self, engine: Engine) -> None:
        self._run(engine, _drop(self.name))

    @events.stepped("copy", "the database")
    def copy(self, engine: Engine, source: str) -> None:
        self._copying(engine, source, self.name, ())

    def settle(self, engine: Engine, names: Sequence[str]) -> None:
        # CREATE DATABASE and the like run in another database, and have the name in the query.
        listed = ", ".join(map(quoted, names))
        theirs = f"unnest(ARRAY[{listed}]) AS name WHERE datname = name OR position(name IN query) > 0"
        sessions = f"FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND EXISTS (SELECT FROM {theirs})"
        for _ in range(SETTLING):
            if self._admin(engine, f"SELECT count(pg_terminate_backend(pid)) {sessions}") == "0":
                return
            time.sleep(0.1)

    @property
    def renames(self) -> bool:
        return True

    def take_over(self, engine: Engine, draft: str, aside: str) -> None:
        self._run(engine, self._take_over(draft, aside))

    @events.stepped("copy", "the database")
    def renew(self, engine: Engine, source: str, draft: str, aside: str, gone: Sequence[str]) -> None:
        self._copying(engine, source, draft, (self._take_over(draft, aside), *map(_drop, gone)))

    def _copying(self, engine: Engine, source: str, target: str, then: Sequence[str]) -> None:
        """Copy a database; if that succeeded, run the queries in `then`."""
        made = f"CREATE DATABASE {identifier(target)} TEMPLATE {identifier(source)} OWNER {identifier(self.user)}"
        for _ in range(ATTEMPTS):
            done = self._try(engine, _end_sessions(source), made, *then)
            if "accessed by other users" not in done.stderr:
                break
        self.checked(done)

    def _take_over(self, draft: str, aside: str) -> str:
        # The lock keeps new sessions out, and always ends with the transaction. It is one query, so the server
        # completes it even if the client is killed.
        live, old, new = (identifier(name) for name in (self.name, aside, draft))
        return (
            "BEGIN; LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE; "
            f"{_end_sessions(self.name, draft)}; "
            f"ALTER DATABASE {live} RENAME TO {old}; ALTER DATABASE {new} RENAME TO {live}; COMMIT"
        )

    def is_empty(self, engine: Engine) -> bool:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        return self.ask(engine, [*self._quiet(self.name), "--command", query]) == "0"

    def sizes(self, engine: Engine) -> dict[str, int]:
        query = (
            "SELECT pg_database_size(oid), datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        )
        lines = [line.split("|", 1) for line in self._admin(engine, query).splitlines()]
        return {name: int(size) for size, name in lines}

    @events.stepped("dump", "the database to a file")
    def dump(self, engine: Engine, file: Path) -> None:
        # Level 1 takes a quarter of the time of the default, and the file is half as large again.
        argv = ["pg_dump", "--username", self.user, "--format=custom", "--compress=1", "--no-owner", "--no-acl"]
        self.checked(engine.pipe(self.service, [*argv, self.name], target=file))
        disk.sync(file)

    @events.stepped("load", "the database from a file")
    def load(self, engine: Engine, file: Path) -> None:
        argv = ["pg_restore", "--username", self.user, "--exit-on-error", "--no-owner", "--no-acl"]
        self.checked(engine.pipe(self.service, [*argv, "--dbname", self.name], source=file))

    def _admin(self, engine: Engine, query: str) -> str:
        return self.ask(engine, [*self._quiet("postgres"), "--command", query])

    def _run(self, engine: Engine, *queries: str) -> None:
        self.checked(self._try(engine, *queries))

    def _try(self, engine: Engine, *queries: str) -> Result:
        """Run queries that change something, visibly."""
        words = [word for query in queries for word in ("--command", query)]
        return engine.pipe(self.service, [*self._quiet("postgres"), *words])

    def _quiet(self, database: str) -> list[str]:
        return self.client("-v", "ON_ERROR_STOP=1", "-qAtX", database=database)


def declared(service: Service) -> Postgres:
    """The database, with the login that the container's environment declares."""
    env = service.environment
    user = env.get("POSTGRES_USER", "postgres")
    return Postgres(service.name, service.program, user, env.get("POSTGRES_DB", user), env.get("POSTGRES_PASSWORD", ""))


def _drop(name: str) -> str:
    return f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)"


def _end_sessions(*names: str) -> str:
    listed = ", ".join(map(quoted, names))
    return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ({listed})"


def identifier(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A text in SQL that is readable inside the quotes of a shell."""
    return literal(text) if "$" in text else f"$${text}$$"
