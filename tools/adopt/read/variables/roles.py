"""The role of a variable by its name: the host, port, name, user, password or URL of a database or cache."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The words of a role; the longer ones first, since a name may end in both (`USERNAME`, `NAME`).
ROLES = {
    "host": "HOSTNAME|HOST|SERVER|ADDRESS|ADDR",
    "port": "PORT",
    "user": "USERNAME|USER|LOGIN",
    "name": "DATABASE|DBNAME|NAME|DB",
    "password": "PASSWORD|PASSWD|PASS|PWD",
    "url": "CONNECTION_STRING|CONNECTION_URL|URL|URI|DSN|LOCATION",
    "kind": "TYPE|ENGINE|BACKEND|DRIVER|DIALECT|CLIENT|ADAPTER|VENDOR|PROVIDER",
}
DATABASE = "POSTGRESQL|POSTGRES|POSTGRE|PGSQL|PSQL|PG|MYSQL|MARIADB|SQLALCHEMY|DATABASE|RDS|SQL|DB"
CACHE = "REDIS|VALKEY"
# Names of other stores than the main database and the cache.
OTHER = re.compile(
    r"(^|_)(TEST|TESTING|MONGO|MONGODB|ELASTIC\w*|CLICKHOUSE|INFLUX\w*|VECTOR\w*|NEO4J|CASSANDRA|LDAP|REPLICA|READ|READONLY"
    r"|RO|SLAVE|ROOT|ADMIN|ANALYTICS|LEGACY|OLD|SENTINEL|MSSQL|ORACLE|SNOWFLAKE)(_|$)"
)


@dataclass(frozen=True)
class Role:
    """`group`: the part of the name that the variables of one store share: `PRETALX_DB` of `PRETALX_DB_HOST`."""

    group: str
    role: str


def _pattern(words: str) -> re.Pattern[str]:
    roles = "|".join(f"(?P<{role}>{names})" for role, names in ROLES.items())
    return re.compile(rf"^(?P<group>(?:[A-Z0-9]+_+)*?(?:{words}))_*(?:{roles})$")


PATTERNS = {"database": _pattern(DATABASE), "cache": _pattern(CACHE)}


# The name of a group may exclude other kinds.
KINDS = {"postgres": re.compile(r"(^|_)(POSTGRE\w*|PG\w*|PSQL)$"), "mysql": re.compile(r"(^|_)(MYSQL|MARIADB)$")}


def fits(group: str, kind: str) -> bool:
    return not any(pattern.search(group) for name, pattern in KINDS.items() if name != kind)


def role_of(name: str, store: str) -> Role | None:
    """`store`: database or cache."""
    match = PATTERNS[store].match(name.upper())
    if not match or OTHER.search(name.upper()):
        return None
    return next(Role(match["group"], role) for role in ROLES if match[role])


REPLICA = re.compile(r"(^|_)(?:READ_?REPLICA|REPLICA|READ_?ONLY|READER|READ|SLAVE|RO)(?=_)")


def replica(name: str) -> Role | None:
    """The role of a variable of a read replica: `DB_REPLICA_HOST`, `READ_REPLICA_HOST`, `READER_DB_URL`."""
    if not REPLICA.search(name.upper()):
        return None
    plain = REPLICA.sub("", name.upper(), count=1).strip("_")
    return role_of(plain, "database") or role_of(f"DB_{plain}", "database")


def of_a_store(name: str) -> bool:
    """Whether a variable belongs to any store, chosen or not: its value is for another machine."""
    return any(role_of(name, store) for store in PATTERNS) or replica(name) is not None
