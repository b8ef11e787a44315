# Owner: the template. Do not edit: updates replace this file.
"""PostgreSQL: which database a service's compose file declares, and what we do in its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines.protocol import Engine
from devenv.model.services import Service

PROGRAMS = ("postgres", "postgis", "pgvector", "timescaledb")  # images that are a PostgreSQL server


@dataclass(frozen=True)
class Postgres:
    """One database in one server."""

    service: str
    user: str
    name: str
    password: str

    def client(self, *args: str, database: str = "") -> list[str]:
        """The psql command, to be run where the server runs."""
        return ["psql", "--username", self.user, "--dbname", database or self.name, *args]

    def exists(self, engine: Engine) -> bool:
        """Whether the database is there; it is not after a reset that was killed half-way."""
        return self._admin(engine, f"SELECT 1 FROM pg_database WHERE datname = {literal(self.name)}") == "1"

    def create(self, engine: Engine) -> None:
        """Make the empty database."""
        self._admin(engine, f"CREATE DATABASE {identifier(self.name)} OWNER {identifier(self.user)}")

    def drop(self, engine: Engine) -> None:
        """Remove the database and end its sessions."""
        self._admin(engine, f"DROP DATABASE IF EXISTS {identifier(self.name)} WITH (FORCE)")

    def _admin(self, engine: Engine, statement: str) -> str:
        argv = self.client("-v", "ON_ERROR_STOP=1", "-qAtX", "--command", statement, database="postgres")
        done = engine.ask(self.service, argv)
        if done.code:
            raise DevError(UNHEALTHY, f"{self.service}: {done.stderr.strip()}", f"inv dev.logs -s {self.service}")
        return done.stdout.strip()


def find(services: Mapping[str, Service]) -> Postgres | None:
    """The database among a service's containers, with the login that its environment declares."""
    for service in services.values():
        if service.program in PROGRAMS:
            env = service.environment
            user = env.get("POSTGRES_USER", "postgres")
            return Postgres(service.name, user, env.get("POSTGRES_DB", user), env.get("POSTGRES_PASSWORD", ""))
    return None


def identifier(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
