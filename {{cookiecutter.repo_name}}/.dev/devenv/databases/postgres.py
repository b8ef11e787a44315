# Owner: the template. Do not edit: updates replace this file.
"""PostgreSQL: which database a service's compose file declares, and what we do in its server."""

from __future__ import annotations

from devenv.databases.base import Database, literal
from devenv.engines.protocol import Engine
from devenv.model.services import Service

PROGRAMS = ("postgres", "postgis", "pgvector", "timescaledb")  # images that are a PostgreSQL server


class Postgres(Database):
    """See base.Database for what each method promises."""

    def client(self, *args: str, database: str = "") -> list[str]:
        return ["psql", "--username", self.user, "--dbname", database or self.name, *args]

    def exists(self, engine: Engine) -> bool:
        return self._admin(engine, f"SELECT 1 FROM pg_database WHERE datname = {literal(self.name)}") == "1"

    def create(self, engine: Engine) -> None:
        self._admin(engine, f"CREATE DATABASE {identifier(self.name)} OWNER {identifier(self.user)}")

    def drop(self, engine: Engine) -> None:
        self._admin(engine, f"DROP DATABASE IF EXISTS {identifier(self.name)} WITH (FORCE)")

    def _admin(self, engine: Engine, statement: str) -> str:
        argv = self.client("-v", "ON_ERROR_STOP=1", "-qAtX", "--command", statement, database="postgres")
        return self.ask(engine, argv)


def declared(service: Service) -> Postgres:
    """The database, with the login that the container's environment declares."""
    env = service.environment
    user = env.get("POSTGRES_USER", "postgres")
    return Postgres(service.name, service.program, user, env.get("POSTGRES_DB", user), env.get("POSTGRES_PASSWORD", ""))


def identifier(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
