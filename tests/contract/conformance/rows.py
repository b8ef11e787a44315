"""Reads a database through dev.dbshell: every row of every table, in a form that can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from conformance.door import Done
from conformance.sandbox import Sandbox
from conformance.tables import Rows

MARK = "contract_canary"  # a table that the suite creates
BY_HAND = f"CREATE TABLE {MARK} (id integer PRIMARY KEY);\nINSERT INTO {MARK} VALUES (1);\n"
CHANGED = f"UPDATE {MARK} SET id = 2;\n"  # one row less and one more

# Unaligned, so that a long row stays one line. \gexec runs each answer of the query before it as a statement.
POSTGRES = r"""
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\pset pager off
SELECT 'column:' || json_build_array(table_name, column_name)
  FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema');
SELECT 'key:' || json_build_array(k.table_name, k.column_name)
  FROM information_schema.key_column_usage k
  JOIN information_schema.table_constraints c USING (constraint_schema, constraint_name)
  WHERE c.constraint_type = 'PRIMARY KEY';
SELECT format('SELECT ''row:'' || json_build_array(%L, to_json(t)) FROM %I.%I AS t', tablename, schemaname, tablename)
  FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 \gexec
"""
MYSQL = """
SELECT CONCAT('column:', JSON_ARRAY(c.table_name, c.column_name))
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE';
SELECT CONCAT('key:', JSON_ARRAY(table_name, column_name))
  FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND constraint_name = 'PRIMARY';
"""
# What the client writes for a character that would end the line.
ESCAPES = {"\\n": "\n", "\\t": "\t", "\\0": "\0", "\\\\": "\\"}


class Refused(Exception):
    """dev.dbshell failed. The message says how."""


def read(box: Sandbox, database: str, **env: str) -> Rows:
    """All rows of the database. Raises Refused."""
    if database == "postgres":
        return parse(shell(box, POSTGRES, **env).out.splitlines())
    found = parse(map(unescape, shell(box, MYSQL, **env).out.splitlines()))
    statements = [select(table, columns) for table, columns in found.columns.items()]
    whole = parse(map(unescape, shell(box, "\n".join(statements), **env).out.splitlines())) if statements else Rows()
    return Rows(found.columns, found.keys, whole.rows)


def shell(box: Sandbox, statements: str, **env: str) -> Done:
    """Statements through dev.dbshell's stdin."""
    done = box.run("dev.dbshell", stdin=statements, **env)
    if not done.ok:
        raise Refused(str(done))
    return done


def select(table: str, columns: Iterable[str]) -> str:
    """A statement that writes each row of a table of MySQL as one line."""
    pairs = ", ".join(f"'{name}', HEX(`{name}`)" for name in columns)
    return f"SELECT CONCAT('row:', JSON_ARRAY('{table}', JSON_OBJECT({pairs}))) FROM `{table}`;"


def parse(lines: Iterable[str]) -> Rows:
    """Rows from the lines that the statements wrote. Other output of the client is ignored."""
    found = Rows()
    for line in lines:
        match = re.match(r"(column|key|row):(\[.*\])$", line)
        if match:
            table, value = json.loads(match[2])
            kind: dict[str, list[Any]] = {"column": found.columns, "key": found.keys, "row": found.rows}[match[1]]  # type: ignore[assignment]
            kind.setdefault(table, []).append(value)
    return found


def unescape(line: str) -> str:
    return re.sub(r"\\[nt0\\]", lambda match: ESCAPES[match[0]], line)
