# Owner: the template. Do not edit: updates replace this file.
"""The text of schema.sql: what a client dumped, without all that differs between two dumps of one schema. Pure code."""

from __future__ import annotations

import re

SERVER = re.compile(r"^-- server: (\w+) (\S+)$", re.MULTILINE)
OWNER = "-- Owner: this service. Made by the command below; a diff of it is a change of production's schema."
# What pg_dump sets before all else, and what is due then.
POSTGRES_HEAD = """SET client_encoding = 'UTF8';
SET check_function_bodies = false;
SELECT pg_catalog.set_config('search_path', '', false);
"""
POSTGRES_NOISE = re.compile(
    r"^(-- Dumped (from|by) .*|\\(un)?restrict .*|SET default_tablespace = '';|SET default_table_access_method = heap;"
    r"|-- \*not\* (creating|dropping) schema, since .*)\n",
    re.MULTILINE,
)
POSTGRES_TITLE = re.compile(r"^--\n(-- (?:Data for )?Name: .*?); Owner: -\n--\n", re.MULTILINE)
MYSQL_HEAD = """SET NAMES utf8mb4;
SET FOREIGN_KEY_CHECKS = 0;
SET SQL_MODE = 'NO_AUTO_VALUE_ON_ZERO';
"""
MYSQL_NOISE = re.compile(
    r"^(/\*M!999999.*|/\*!\d+ SET (@saved_cs_client|character_set_client) *= [^;]*;"
    r"|/\*!(40101|50503) SET [^;]*\*/;)\n",
    re.MULTILINE,
)
DEFINER = re.compile(r"(/\*!\d+ DEFINER=(`[^`]*`@`[^`]*`) \*/ )|(DEFINER=`[^`]*`@`[^`]*` ?)")
# Only where an option of a table stands: behind the bracket that ends its columns.
COUNTER = re.compile(r"^(\) ENGINE=.*?) AUTO_INCREMENT=\d+", re.MULTILINE)


def whole(command: str, kind: str, version: str, body: str) -> str:
    """The file: its head, and what was dumped."""
    return f"{OWNER}\n-- made by: {command}\n-- server: {kind} {version}\n\n{body.strip()}\n"


def server(text: str) -> tuple[str, str]:
    """Kind and version of the server that it was dumped from; empty where the file does not say."""
    found = SERVER.search(text)
    return (found[1], found[2]) if found else ("", "")


def postgres(schema: str, records: str) -> str:
    """What two runs of pg_dump wrote: the schema, and the rows of the migration records."""
    return "\n\n".join([POSTGRES_HEAD.strip(), *(_postgres(text) for text in (schema, records) if text.strip())])


def _postgres(text: str) -> str:
    head, title, rest = text.partition("\n--\n-- ")
    body = f"{title[1:]}{rest}" if "-- Name: " not in head and title else text
    body = POSTGRES_NOISE.sub("", body)
    body = POSTGRES_TITLE.sub(r"\1\n", body)
    body = re.sub(r"^--\n-- PostgreSQL database dump complete\n--\n", "", body, flags=re.MULTILINE)
    return _sorted_rows(re.sub(r"\n{3,}(?=-- (Data for )?Name: )", "\n\n", body)).strip()


def mysql(schema: str, records: str, collation: str) -> str:
    """What two runs of mysqldump wrote, and the database's own collation."""
    charset = collation.partition("_")[0]
    own = f"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation};"
    return "\n\n".join([f"{MYSQL_HEAD.strip()}\n{own}", *(_mysql(text) for text in (schema, records) if text.strip())])


def _mysql(text: str) -> str:
    body = COUNTER.sub(r"\1", DEFINER.sub("", MYSQL_NOISE.sub("", text)))
    body = re.sub(r"^(CREATE TABLE )", r"\n\1", body, flags=re.MULTILINE)
    return _sorted_rows(body).strip()


def _sorted_rows(text: str) -> str:
    """Rows by their content: they lie in the order in which they were last written. Those of several lines stay."""
    lines = text.split("\n")
    rows = [i for i, line in enumerate(lines) if line.startswith("INSERT INTO ") and line.endswith(");")]
    for at, line in zip(rows, sorted(lines[i] for i in rows)):
        lines[at] = line
    return "\n".join(lines)
