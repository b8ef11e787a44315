"""PostgreSQL's schema by pg_dump and psql."""

from __future__ import annotations

import json
import re

from devenv.databases import migration_tools, postgres_catalogue
from devenv.databases.database import literal
from devenv.databases.schemas import Schema
from devenv.model.catalogue import Thing

HEAD = """\
SET client_encoding = 'UTF8';
SET check_function_bodies = false;
SELECT pg_catalog.set_config('search_path', '', false);
"""
# Owners, grants and settings of the machine are not part of the schema. If a table is locked, the dump fails at once.
DUMP = [
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--encoding=UTF8",
    "--lock-wait-timeout=10s",
    "--no-password",
]
# What pg_dump writes about itself and its session differs between versions, and servers of other versions may not know
# it. The token of \restrict changes each time. Headings repeat the statement below them.
NOISE = (
    r"(?m)\n*(?:^(?:--\n-- (?:Name: .*|PostgreSQL database dump.*)\n--\n|-- Dumped .*\n|\\(?:un)?restrict .*\n"
    r"|SET (?:\w*timeout|client_encoding|standard_conforming_strings|check_function_bodies|xmloption"
    r"|client_min_messages|row_security|default_tablespace|default_table_access_method) = .*;\n"
    r"|SELECT pg_catalog\.set_config\('search_path', '', false\);\n)\n*)+"
)
# Its options contain the password of another server.
USER_MAPPING = r"(?ms)^CREATE USER MAPPING .*?\);\n"
# `IN` over varchar(n): when it is dumped and loaded, the cast of the array becomes a cast of each element.
ELEMENT = r"'(?:[^']|'')*'::[a-z ]+(?:\(\d+\))?"
CAST_ARRAY = rf"\(ARRAY\[({ELEMENT}(?:, {ELEMENT})*)\]\)::(\w+)\[\]"
LINE = r"psql:<stdin>:(\d+): ((?:.|\n)*)"


class PostgresSchema(Schema):
    """See schemas.Schema for what each method promises."""

    kind = "postgres"
    password = "PGPASSWORD"
    newer = "server version mismatch"

    def server(self) -> str:
        version = self._query("SHOW server_version;").partition(" ")[0]
        return f"postgres {version.strip()}"

    def dump(self) -> str:
        statements = [HEAD, tidy(self._ask(["pg_dump", *self._login(), *DUMP])), self._records()]
        return "\n".join(filter(None, statements))

    def load(self, text: str, name: str) -> None:
        # With ON_ERROR_STOP and a file by name (here stdin), psql reports the line.
        argv = ["psql", *self._login(), "-v", "ON_ERROR_STOP=1", "-qAtX", "--file=-"]
        self._load(argv, text, name, LINE)

    def catalogue(self) -> list[Thing]:
        lines = self._query(postgres_catalogue.script()).splitlines()
        return [Thing(*json.loads(settled(line))) for line in lines]

    def _records(self) -> str:
        """The rows of the migration tools' tables as statements, and the sequences of their keys."""
        found = [json.loads(line) for line in self._query(postgres_catalogue.RECORD_COLUMNS).splitlines()]
        chosen = migration_tools.tables({name: names for name, _, _, names, _ in found})
        queries = [_rows(*rest) for name, *rest in found if name in chosen]
        return self._query("\n".join(queries)) if queries else ""

    def _query(self, script: str) -> str:
        session = "SET default_transaction_read_only = on; SET client_encoding = 'UTF8'; SET timezone = 'UTC';\n"
        argv = ["psql", *self._login(), "-v", "ON_ERROR_STOP=1", "-qAtX", "--no-password", "--file=-"]
        return self._ask(argv, session + script)

    def _login(self) -> list[str]:
        if self.dsn:
            return ["--dbname", str(self.dsn)]
        return ["--username", self.database.login, "--dbname", self.database.name]


def settled(expression: str) -> str:
    """An expression as the server writes it after a dump and a load."""
    return re.sub(
        CAST_ARRAY,
        lambda found: "ARRAY[" + ", ".join(f"({each})::{found[2]}" for each in re.findall(ELEMENT, found[1])) + "]",
        expression,
    )


def tidy(text: str) -> str:
    """pg_dump's output without anything that is not part of the schema."""
    text = re.sub(NOISE, "\n\n", re.sub(USER_MAPPING, "", text))
    text = text.replace("\nCREATE SCHEMA public;\n", "\nCREATE SCHEMA IF NOT EXISTS public;\n")
    return text.strip("\n") + "\n"


def _rows(table: str, columns: list[str], _names: list[str], always: bool) -> str:
    """A query that returns INSERT statements for a table's rows, in the order of its first column."""
    listed, overriding = ", ".join(columns), " OVERRIDING SYSTEM VALUE" if always else ""
    insert = f"INSERT INTO {table} ({listed}){overriding} VALUES (".replace("%", "%%")
    values = ", ".join(["%L"] * len(columns))
    rows = f"SELECT format({literal(f'{insert}{values});')}, {listed}) FROM {table} ORDER BY {columns[0]};"
    counter = f"pg_get_serial_sequence({literal(table)}, {literal(_names[0])})"
    last = f"SELECT pg_catalog.setval({counter}, (SELECT max({columns[0]}) FROM {table}));"
    return f"{rows}\nSELECT {literal(last)} WHERE {counter} IS NOT NULL AND EXISTS (SELECT FROM {table});"
