"""The schema reader of each kind of database. Not in find.py, since only dev.schema needs it."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.databases.database import Database
from devenv.databases.mysql import MySQL
from devenv.databases.mysql_schema import MySQLSchema
from devenv.databases.postgres import Postgres
from devenv.databases.postgres_schema import PostgresSchema
from devenv.databases.schemas import Schema
from devenv.engines.interface import Engine
from devenv.model.dsn import Dsn

SCHEMAS: Mapping[type[Database], type[Schema]] = {Postgres: PostgresSchema, MySQL: MySQLSchema}


def schema(database: Database, engine: Engine, dsn: Dsn | None = None) -> Schema:
    """The schema of a database; with `dsn`, of a remote one of the same kind."""
    return SCHEMAS[type(database)](database, engine, dsn)
