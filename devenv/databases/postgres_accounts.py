"""PostgreSQL: in SQL, what the app's account may do, if it is not the one that administers the server."""

from __future__ import annotations

import re

from devenv.base.errors import MISSING, DevError
from devenv.databases.database import Database, literal
from devenv.databases.postgres_copies import identifier

SIGN = "devenv: "  # how the comment on the account begins; then Database.mark follows
OWNED = 150000  # since this version, the schema `public` belongs to the owner of the database
EXTENSION = r'permission denied to create extension "([^"]+)"'
ABSENT = r'extension "([^"]+)" is not available'
IMAGES = {  # by the extension
    "postgis": "postgis/postgis:17-3.5",
    "vector": "pgvector/pgvector:pg17",
    "timescaledb": "timescale/timescaledb:latest-pg17",
}
DENIED = r"(?i)must be (?:a )?superuser|only (?:superuser|roles with)|permission denied to set parameter"


def hints(said: str) -> list[str]:
    """How to allow what the app's account was denied, according to the server's messages."""
    if absent := re.search(ABSENT, said):
        return lacking(absent[1])
    found = [f"database: {{extensions: [{name}]}}" for name in dict.fromkeys(re.findall(EXTENSION, said))]
    if not found and re.search(DENIED, said):
        found = ["database: {superuser: true}"]
    return [f"the app's account is not a superuser; to allow it, write into dev.yaml: {line}" for line in found]


def lacking(extension: str) -> list[str]:
    """How to get a server that has the extension."""
    image = f", such as {IMAGES[extension]}" if extension in IMAGES else ""
    return [
        f"in containers: an image of PostgreSQL with {extension}{image}, as `image:` of the compose file",
        "without containers, the server has only what its package brings: DEV_ENGINE=compose inv dev.up",
    ]


def absent(service: str, said: str) -> DevError | None:
    """The error about an extension that the server cannot create, since its files are not there."""
    found = re.search(ABSENT, said)
    message = f"{service}: this PostgreSQL server has no extension {found[1]}" if found else ""
    return DevError(MISSING, message, *lacking(found[1])) if found else None


def script(database: Database) -> str:
    """Statements for psql. They may be run again."""
    account, own = database.account, "SUPERUSER" if database.superuser else "NOSUPERUSER"
    name, password = identifier(account), f"PASSWORD {literal(database.password)}"
    missing = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(account)})"
    theirs = (
        f"pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', {literal(database.ledger)})"
        f" AND pg_get_userbyid(datdba) = {literal(database.user)}"
    )
    older = f"nspname = 'public' AND current_setting('server_version_num')::int < {OWNED}"
    inside = (
        "SET client_min_messages = warning;",
        f"SELECT {literal(f'ALTER SCHEMA public OWNER TO {name}')} FROM pg_namespace WHERE {older} \\gexec",
        *(f"CREATE EXTENSION IF NOT EXISTS {identifier(each)} CASCADE;" for each in database.extensions),
    )
    lines = (
        # If a statement fails, the log must not have it, since it may have the password.
        "SET log_min_error_statement = panic; SET standard_conforming_strings = on;",
        f"SELECT {literal(f'CREATE ROLE {name}')} WHERE {missing} \\gexec",
        f"ALTER ROLE {name} LOGIN CREATEDB {own} {password};",
        f"ALTER ROLE {identifier(database.user)} {password};",
        f"SELECT format('ALTER DATABASE %I OWNER TO %I', datname, {literal(account)}) FROM {theirs} \\gexec",
        "\\connect template1",  # new databases are copies of it, also those that tests create
        *inside,
        f"\\connect {identifier(database.name)}",
        *inside,
        "\\connect postgres",
        f"COMMENT ON ROLE {name} IS {literal(SIGN + database.mark)};",  # the last: until then it is done again
    )
    return "\n".join([*lines, ""])
