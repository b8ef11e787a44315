"""MariaDB and MySQL: which database a service's compose file declares, and what we do in its server."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.base import process
from devenv.databases import mysql_copy
from devenv.databases.database import Database, literal
from devenv.databases.mysql_copy import identifier
from devenv.engines.interface import Engine
from devenv.model.services import Service

PROGRAMS = ("mariadb", "mysql")  # images that are such a server


@dataclass(frozen=True)
class MySQL(Database):
    """See database.Database for what each method promises."""

    guest: str = ""  # the account of the app where we are root: the server lets it into each database one by one

    def client(self, *args: str) -> list[str]:
        return [*self._login(), *args, self.name]

    def version(self, engine: Engine) -> str:
        return self._admin(engine, "SELECT version()")

    def sizes(self, engine: Engine) -> dict[str, int]:
        own = ", ".join(map(literal, ("mysql", "information_schema", "performance_schema", "sys")))
        query = (
            "SELECT coalesce(sum(data_length + index_length), 0), schema_name"
            " FROM information_schema.schemata LEFT JOIN information_schema.tables ON table_schema = schema_name"
            f" WHERE schema_name NOT IN ({own}) GROUP BY schema_name"
        )
        lines = [line.split("\t", 1) for line in self._admin(engine, query).splitlines()]
        return {name: int(size) for size, name in lines}

    def is_empty(self, engine: Engine) -> bool:
        query = f"SELECT count(*) FROM information_schema.tables WHERE table_schema = {literal(self.name)}"
        return self._admin(engine, query) == "0"

    def create(self, engine: Engine) -> None:
        self._admin(engine, f"CREATE DATABASE {identifier(self.name)};{self._admit()}")

    def drop(self, engine: Engine) -> None:
        self._end_sessions(engine)
        self._admin(engine, f"{mysql_copy.PATIENCE}; DROP DATABASE IF EXISTS {identifier(self.name)}")

    def copy(self, engine: Engine, source: str) -> None:
        origin = replace(self, name=source)
        collation, columns = mysql_copy.parsed(self._admin(engine, mysql_copy.facts(source)))
        tables = origin._structure(engine, "--skip-triggers", "--routines")
        rest = origin._structure(engine, "--no-create-info", "--triggers", "--events")
        origin._end_sessions(engine)
        with tempfile.TemporaryDirectory(prefix="devenv-") as folder:
            file = Path(folder, "copy.sql")
            made = mysql_copy.script(source, self.name, collation, tables, columns, rest)
            file.write_text(made + self._admit(), "utf-8")
            self.checked(engine.pipe(self.service, self._login(), source=file))

    def dump(self, engine: Engine, file: Path) -> None:
        raw = file.with_name(f"{file.name}.raw")
        # Without locks: one transaction reads all tables as they are at its start, and while it is read back, a lock on
        # one table would keep it from the sequence that numbers it.
        rows = ("--single-transaction", "--skip-add-locks", "--no-autocommit", "--hex-blob")
        flags = (*rows, "--routines", "--triggers", "--events")
        try:
            self.checked(engine.pipe(self.service, self._dumper(*flags), target=raw))
            with raw.open("rb") as lines, open(file, "wb", opener=process.private) as portable:
                portable.writelines(mysql_copy.portable(lines))
        finally:
            raw.unlink(missing_ok=True)

    def load(self, engine: Engine, file: Path) -> None:
        self.checked(engine.pipe(self.service, self.client(), source=file))

    def _admit(self) -> str:
        return f"GRANT ALL ON {identifier(self.name)}.* TO {literal(self.guest)}@'%';" if self.guest else ""

    def _structure(self, engine: Engine, *which: str) -> str:
        flags = ("--no-data", "--skip-lock-tables", "--skip-add-drop-table")
        return self.ask(engine, self._dumper(*flags, *which))

    def _dumper(self, *flags: str) -> list[str]:
        """The dump program's command."""
        program = "mariadb-dump" if self.program == "mariadb" else f"{self.program}dump"
        return [*self._login(program), "--no-tablespaces", *flags, self.name]

    def _end_sessions(self, engine: Engine) -> None:
        """An open transaction keeps the lock of a copy waiting, and DROP DATABASE, too."""
        query = f"SELECT id FROM information_schema.processlist WHERE db = {literal(self.name)}"
        kills = "".join(f"KILL {session};\n" for session in self._admin(engine, query).split())
        if kills:
            engine.ask(self.service, [*self._login(), "--force"], kills)  # one of them may have gone meanwhile

    def _admin(self, engine: Engine, statement: str) -> str:
        return self.ask(engine, [*self._login(), "--batch", "--skip-column-names", "--execute", statement])

    def _login(self, program: str = "") -> list[str]:
        """The client is named like its image. By variable, since MySQL's warns of a password on its command line."""
        # A client of MariaDB 11.4 or newer insists on TLS, which the fragment turns off; MySQL's has no such option.
        # By itself it takes the letters of the locale, which in a container is none.
        flags = ["--loose-skip-ssl", "--default-character-set=utf8mb4", f"--user={self.user}"]
        return ["env", f"MYSQL_PWD={self.password}", program or self.program, *flags]


def declared(service: Service) -> MySQL:
    """The database, as root where the container's environment says its password: others may not make databases."""

    def given(what: str) -> str:
        return service.environment.get(f"MARIADB_{what}", service.environment.get(f"MYSQL_{what}", ""))

    is_root = bool(given("ROOT_PASSWORD")) or not given("USER")
    user, password = ("root", given("ROOT_PASSWORD")) if is_root else (given("USER"), given("PASSWORD"))
    guest = given("USER") if is_root else ""
    return MySQL(service.name, service.program, user, given("DATABASE"), password, guest)
