# Owner: the template. Do not edit: updates replace this file.
"""Which of a service's containers is its database, and who reads the schema of that kind."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.databases import mysql, mysql_schema, postgres, postgres_schema
from devenv.databases.base import Database
from devenv.databases.schemas import Schema
from devenv.engines.protocol import Engine
from devenv.model.dsn import Dsn
from devenv.model.services import Service

KNOWN = "postgres, mariadb, mysql"
KINDS = ((postgres.PROGRAMS, postgres.declared), (mysql.PROGRAMS, mysql.declared))
SCHEMAS: Mapping[type[Database], type[Schema]] = {
    postgres.Postgres: postgres_schema.PostgresSchema,
    mysql.MySQL: mysql_schema.MySQLSchema,
}


def find(services: Mapping[str, Service]) -> Database | None:
    """The first of the services that is a database of a kind that we know."""
    for service in services.values():
        for programs, declared in KINDS:
            if service.program in programs:
                return declared(service)
    return None


def kind(program: str) -> str:
    """The kind of database that an image holds, in a word: what two that can read each other's dumps share."""
    return "postgres" if program in postgres.PROGRAMS else program


def schema(database: Database, engine: Engine, dsn: Dsn | None = None) -> Schema:
    """The schema of a database; with `dsn`, of one elsewhere that is of the same kind."""
    return SCHEMAS[type(database)](database, engine, dsn)
