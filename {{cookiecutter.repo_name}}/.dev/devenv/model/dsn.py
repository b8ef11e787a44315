# Owner: the template. Do not edit: updates replace this file.
"""Where another database is: postgresql://reader:secret@db.example.org/shop. Its password is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from devenv.base.errors import USAGE, DevError

SCHEMES = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}


@dataclass(frozen=True)
class Dsn:
    """A database somewhere, and an account in it."""

    scheme: str
    kind: str  # postgres or mysql
    user: str
    host: str
    port: int  # 0: the usual one
    database: str
    password: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The same without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        query = f"?{urlencode(self.options)}" if self.options else ""
        return f"{self.scheme}://{self.user}@{host}{port}/{self.database}{query}"


def parse(text: str, kind: str) -> Dsn:
    """Read an address of a database of this kind. DevError 2 for what is none, without a word of what was given."""
    example = f"{'postgresql' if kind == 'postgres' else 'mysql'}://reader:secret@db.example.org/shop"
    try:
        parts = urlsplit(text)
        port = parts.port or 0
    except ValueError:
        raise DevError(USAGE, "--from: this is no address of a database", example) from None
    if SCHEMES.get(parts.scheme) != kind:
        what = parts.scheme if "://" in text else "no scheme"
        raise DevError(USAGE, f"--from: {what} is not what this service's database speaks", example)
    user, database = unquote(parts.username or ""), unquote(parts.path.lstrip("/"))
    if not (user and parts.hostname and database):
        raise DevError(USAGE, "--from needs a user, a host and a database", example)
    options = dict(parse_qsl(parts.query))
    password = unquote(parts.password or "") or options.get("password", "")
    options = {name: value for name, value in options.items() if "pass" not in name}
    return Dsn(parts.scheme, kind, user, parts.hostname, port, database, password, options)
