"""The address of a database: postgresql://user:password@host:port/name?sslmode=require."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from devenv.base.errors import USAGE, DevError

KINDS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}
PORTS = {"postgres": 5432, "mysql": 3306}
EXAMPLES = {"postgres": "postgresql://user:password@host/name", "mysql": "mysql://user:password@host/name"}


@dataclass(frozen=True)
class Dsn:
    """Where a database is and the account. `options` are for the client, such as sslmode."""

    kind: str
    user: str
    password: str = field(repr=False)
    host: str
    port: int
    database: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The address without the password, in libpq's form."""
        scheme = "postgresql" if self.kind == "postgres" else self.kind
        host = f"[{self.host}]" if ":" in self.host else self.host
        options = f"?{urlencode(self.options)}" if self.options else ""
        return f"{scheme}://{quote(self.user, safe='')}@{host}:{self.port}/{quote(self.database, safe='')}{options}"


def parse(text: str, kind: str, password: str = "") -> Dsn:
    """Read an address. `kind`: the service's kind of database; `password`: used if the address has none.

    DevError 2, without the text of the address: it contains a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong("is not an address of a database", kind) from None
    if KINDS.get(parts.scheme.partition("+")[0]) != kind:  # postgresql+psycopg, as in SQLAlchemy
        raise _wrong(f"is not of the service's kind of database, {kind}", kind)
    name = unquote(parts.path.lstrip("/"))
    if not (parts.hostname and parts.username and name):
        raise _wrong("lacks a user, host or database", kind)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = tuple((key, value) for key, value in pairs if key != "password")
    given = unquote(parts.password or "") or dict(pairs).get("password", "") or password
    # Options become arguments of the client, which are printed. MySQL's client also accepts `pas` for `password`.
    if "\n" in given or not all(re.fullmatch(r"[\w-]+", key) and "pas" not in key for key, _ in options):
        raise _wrong("has a line break in its password, or an option that is not passed on", kind)
    return Dsn(kind, unquote(parts.username), given, parts.hostname, port or PORTS[kind], name, options)


def _wrong(what: str, kind: str) -> DevError:
    return DevError(USAGE, f"--from {what}", f"inv dev.schema dump --from {EXAMPLES[kind]}")
