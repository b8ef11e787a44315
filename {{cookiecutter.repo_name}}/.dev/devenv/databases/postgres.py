# Owner: the template. Do not edit: updates replace this file.
"""PostgreSQL: which database a service's compose file declares, and what we do in its server."""

from __future__ import annotations

from pathlib import Path

from devenv.databases.base import Database, literal
from devenv.engines.protocol import Engine
from devenv.model.services import Service

PROGRAMS = ("postgres", "postgis", "pgvector", "timescaledb")  # images that are a PostgreSQL server
# Copying files beats writing all pages to the log from some 50 MB on. PostgreSQL before 15 knows nothing else.
STRATEGY = """
SELECT CASE WHEN current_setting('server_version_num')::int < 150000 THEN '' ELSE 'STRATEGY file_copy' END AS strategy
\\gset
"""
ATTEMPTS = 3  # at a copy: a session may come in between the end of all others and the lock that keeps new ones out


class Postgres(Database):
    """See base.Database for what each method promises."""

    def client(self, *args: str, database: str = "") -> list[str]:
        return ["psql", "--username", self.user, "--dbname", database or self.name, *args]

    def version(self, engine: Engine) -> str:
        return self._admin(engine, "SHOW server_version").partition(" ")[0]

    def names(self, engine: Engine) -> list[str]:
        query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1"
        return self._admin(engine, query).splitlines()

    def create(self, engine: Engine) -> None:
        self._admin(engine, f"CREATE DATABASE {identifier(self.name)} OWNER {identifier(self.user)}")

    def drop(self, engine: Engine) -> None:
        self._admin(engine, self._drop())

    def copy(self, engine: Engine, source: str) -> None:
        made = f"CREATE DATABASE {identifier(self.name)} OWNER {identifier(self.user)}"
        script = f"{self._end_sessions(source)};{STRATEGY}{made} TEMPLATE {identifier(source)} :strategy;"
        for _ in range(ATTEMPTS - 1):
            done = engine.ask(self.service, self._admin_client(), script)
            if "is being accessed by other users" not in done.stderr:
                break
        else:
            done = engine.ask(self.service, self._admin_client(), script)
        self.checked(done)

    def take_over(self, engine: Engine, draft: str, aside: str) -> None:
        """Give this name to the database `draft`; what had it is called `aside` from then on. Both or neither.

        The lock keeps new sessions out until it is done, and is gone with the transaction whatever happens. One query:
        the server carries it out to its end, also when the client that sent it is killed.
        """
        names = [identifier(name) for name in (self.name, aside, draft)]
        self._admin(
            engine,
            "BEGIN; LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE;"
            f"{self._end_sessions(self.name, draft)};"
            f"ALTER DATABASE {names[0]} RENAME TO {names[1]}; ALTER DATABASE {names[2]} RENAME TO {names[0]}; COMMIT",
        )

    def size(self, engine: Engine) -> int:
        return int(self._admin(engine, f"SELECT pg_database_size({literal(self.name)})"))

    def dump(self, engine: Engine, file: Path) -> None:
        # Level 1: half as large again as the default, in a quarter of its time.
        argv = ["pg_dump", "--username", self.user, "--format=custom", "--compress=1", "--no-owner", "--no-acl"]
        self.checked(engine.pipe(self.service, [*argv, self.name], target=file))

    def load(self, engine: Engine, file: Path) -> None:
        argv = ["pg_restore", "--username", self.user, "--exit-on-error", "--no-owner", "--no-acl"]
        self.checked(engine.pipe(self.service, [*argv, "--dbname", self.name], source=file))

    def _drop(self) -> str:
        return f"DROP DATABASE IF EXISTS {identifier(self.name)} WITH (FORCE)"

    def _end_sessions(self, *names: str) -> str:
        listed = ", ".join(map(literal, names))
        return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ({listed})"

    def _admin(self, engine: Engine, statement: str) -> str:
        return self.ask(engine, [*self._admin_client(), "--command", statement])

    def _admin_client(self) -> list[str]:
        return self.client("-v", "ON_ERROR_STOP=1", "-qAtX", database="postgres")


def declared(service: Service) -> Postgres:
    """The database, with the login that the container's environment declares."""
    env = service.environment
    user = env.get("POSTGRES_USER", "postgres")
    return Postgres(service.name, service.program, user, env.get("POSTGRES_DB", user), env.get("POSTGRES_PASSWORD", ""))


def identifier(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
