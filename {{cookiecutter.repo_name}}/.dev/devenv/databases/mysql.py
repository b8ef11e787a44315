# Owner: the template. Do not edit: updates replace this file.
"""MariaDB and MySQL: which database a service's compose file declares, and what we do in its server."""

from __future__ import annotations

from devenv.databases.base import Database, literal
from devenv.engines.protocol import Engine
from devenv.model.services import Service

PROGRAMS = ("mariadb", "mysql")  # images that are such a server


class MySQL(Database):
    """See base.Database for what each method promises. DROP DATABASE ends no session, but waits for none either."""

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
        self._admin(engine, f"CREATE DATABASE {identifier(self.name)}")

    def drop(self, engine: Engine) -> None:
        self._admin(engine, f"DROP DATABASE IF EXISTS {identifier(self.name)}")

    def _admin(self, engine: Engine, statement: str) -> str:
        return self.ask(engine, [*self._login(), "--batch", "--skip-column-names", "--execute", statement])

    def _login(self) -> list[str]:
        """The client is named like its image. By variable, since MySQL's warns of a password on its command line."""
        # A client of MariaDB 11.4 or newer insists on TLS, which the fragment turns off; MySQL's has no such option.
        return ["env", f"MYSQL_PWD={self.password}", self.program, "--loose-skip-ssl", f"--user={self.user}"]


def declared(service: Service) -> MySQL:
    """The database, as root where the container's environment says its password: others may not make databases."""

    def given(what: str) -> str:
        return service.environment.get(f"MARIADB_{what}", service.environment.get(f"MYSQL_{what}", ""))

    is_root = bool(given("ROOT_PASSWORD")) or not given("USER")
    user, password = ("root", given("ROOT_PASSWORD")) if is_root else (given("USER"), given("PASSWORD"))
    return MySQL(service.name, service.program, user, given("DATABASE"), password)


def identifier(name: str) -> str:
    """A name in SQL."""
    return "`" + name.replace("`", "``") + "`"
