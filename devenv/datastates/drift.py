"""Production's schema in `schema.sql`, and whether this branch's migrations lead to the same schema.

It compares the schema of schema.sql (with its records of migrations) after this branch's pending migrations, and an
empty database after all migrations. Both are databases next to the live one, and are removed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from devenv.base import events, records
from devenv.base.errors import CONFIG, FOUND, DevError
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.databases import readers
from devenv.databases.schemas import Schema
from devenv.datastates import store
from devenv.model import catalogue, dsn, fingerprint
from devenv.model.catalogue import Difference

FILE = "schema.sql"
END = "-- The end.\n"
SERVER = r"(?m)^-- Server: (\S+ \S+)$"
DUMP = "inv dev.schema dump --from DSN"


class Report(NamedTuple):
    """The result of dev.schema check: the two servers, and each difference with the last migration."""

    production: str
    image: str
    differences: tuple[tuple[Difference, str], ...]

    @property
    def drift(self) -> int:
        """The number of differences other than names and orders."""
        return sum(not difference.soft for difference, _ in self.differences)

    def words(self) -> list[str]:
        """For people."""
        return [line for found in self.differences for line in catalogue.in_words(*found)]

    def error(self) -> DevError:
        """Exit code 1, for differences other than names and orders."""
        what = "1 difference" if self.drift == 1 else f"{self.drift} differences"
        hint = "write a migration for each, or take back what was changed by hand in production"
        return DevError(FOUND, f"{what} between production and a fresh migration", hint, f"if {FILE} is old: {DUMP}")

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "equal": not self.drift,
            "server": {"production": self.production, "image": self.image},
            "differences": [catalogue.as_value(*found) for found in self.differences],
        }


def dump(env: Environment, address: str, password: Mapping[str, str]) -> None:
    """Write schema.sql from the live database here, or from the one at an address. DevError 2 for a wrong address.

    `password`: variables that may hold the password if the address has none.
    """
    assert env.database
    here = _schema(env)
    if not address:
        _write(env, here, "inv dev.schema dump")
        return
    where = dsn.parse(address, here.kind, password.get(here.password, ""))
    events.note(f"reading the schema of {where}")
    _write(env, readers.schema(env.database, env.engine, where), DUMP)


def check(env: Environment) -> Report:
    """Compare; DevError 111 without a usable schema.sql, 1 where the pending migrations fail on production's schema."""
    text, production = _read(env)
    server_found = catalogue.compare_servers(production, _image(env))
    if not env.engine.is_built():
        env.engine.build([name for name, each in env.place.services.items() if each.build])
    with store.scratch(env) as fresh, store.scratch(env) as ours:
        # This comes first: a failure here has nothing to do with production.
        events.note("applying all migrations to an empty database")
        service_commands.within("dev.schema check", "migrate", service_commands.migrate, fresh)
        _schema(ours).load(text, FILE)
        events.note(f"applying the pending migrations to the schema of {FILE}")
        _migrate_production(ours)
        found = catalogue.compare(_schema(ours).catalogue(), _schema(fresh).catalogue())
    migrations = _migrations(env)
    told = [(difference, catalogue.last_migration(difference, migrations)) for difference in found]
    return Report(production, _image(env), (*((each, "") for each in server_found), *told))


def _write(env: Environment, source: Schema, command: str) -> None:
    head = (
        "-- Owner: this service. Production's schema and records of migrations, which `inv dev.schema check` compares\n"
        f"-- with a fresh migration. Made by `{command}`; run it again after a deploy.\n"
        f"-- Server: {_server(env, source)}\n\n"
    )
    records.replace_file(env.place.root / FILE, f"{head}{source.dump()}\n{END}", 0o666)


def _server(env: Environment, source: Schema) -> str:
    """The server as recorded in schema.sql. The server here counts as the image's, even if its version differs."""
    found, image = source.server(), _image(env)
    return image if not source.dsn and catalogue.compare_servers(found, image) else found


def _read(env: Environment) -> tuple[str, str]:
    """The text of schema.sql, and production's server."""
    file = env.place.root / FILE
    if not file.is_file():
        raise DevError(CONFIG, f"{FILE} is missing, so production's schema is not known", DUMP)
    text = file.read_text(encoding="utf-8")
    found = re.search(SERVER, text)
    if not found:
        raise DevError(CONFIG, f"{FILE}:1: the line `-- Server: ...`, which names its server, is missing", DUMP)
    if not text.endswith(END):
        raise DevError(CONFIG, f"{FILE}:{text.count(chr(10))}: the file is cut off: `{END.strip()}` is missing", DUMP)
    return text, found[1]


def _image(env: Environment) -> str:
    """The server that compose.yaml names: `postgres 17`."""
    assert env.database
    declared = env.place.services[env.database.service]
    kind = _schema(env).kind
    return f"{'postgres' if kind == 'postgres' else declared.program} {declared.tag}"


def _schema(env: Environment) -> Schema:
    assert env.database
    return readers.schema(env.database, env.engine)


def _migrate_production(env: Environment) -> None:
    try:
        service_commands.migrate(env)
    except DevError as error:
        if error.code in service_commands.OURS:
            raise
        message = f"the pending migrations fail on production's schema: {error.message}"
        hint = "a migration that production has applied was edited, squashed away or removed, or production was changed"
        raise DevError(FOUND, message, hint, f"if {FILE} is old: {DUMP}") from None


def _migrations(env: Environment) -> dict[str, str]:
    """The files of `state:` that are migrations: path → text."""
    root = env.place.root
    paths = [path.relative_to(root).as_posix() for path in fingerprint.matching(root, env.config.state)]
    chosen = [path for path in paths if fingerprint.names(env.config.migrations, path)]
    return {path: (root / path).read_text(encoding="utf-8", errors="replace") for path in chosen}
