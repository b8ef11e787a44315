"""The schema of a database: dumped to text, loaded from text, read as a catalogue. Common to all kinds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from devenv.base.errors import CONFIG, CONFLICT, MISSING, DevError
from devenv.base.process import Result
from devenv.databases.database import Database
from devenv.engines.interface import Engine
from devenv.model.catalogue import Thing
from devenv.model.dsn import Dsn

# The client of a remote database gets its password as the first line of its input, so not in arguments or a file.
WITH_PASSWORD = 'IFS= read -r {0} && export {0} && exec "$@"'


@dataclass(frozen=True)
class Schema:
    """A database's schema, read with the client that is next to its server; with `dsn`, that of a remote database.

    Errors are DevError with the client's message: 112 if our server refuses, 110 if a remote one does, 113 if the
    remote one is newer than the client.
    """

    database: Database
    engine: Engine
    dsn: Dsn | None = None

    kind: ClassVar[str] = ""  # as in an address, see model/dsn.py
    password: ClassVar[str] = ""  # the variable that the clients read the password from
    newer: ClassVar[str] = ""  # the clients' message if the server is too new

    def server(self) -> str:
        """The server: `postgres 17.5`, `mariadb 11.8.3`."""
        raise NotImplementedError

    def dump(self) -> str:
        """The schema and the records of migrations as statements. The same schema gives the same text. Only reads."""
        raise NotImplementedError

    def load(self, text: str, name: str) -> None:
        """Fill the database, which must be empty, from a dump; DevError 111 with its `name` and the failing line."""
        raise NotImplementedError

    def catalogue(self) -> list[Thing]:
        """Everything that a migration may create."""
        raise NotImplementedError

    def _ask(self, argv: Sequence[str], stdin: str = "") -> str:
        """The output of a client's command."""
        if not self.dsn:
            return self.database.checked(self.engine.ask(self.database.service, argv, stdin)).stdout
        script = ["sh", "-c", WITH_PASSWORD.format(self.password), "sh", *argv]
        done = self.engine.ask(self.database.service, script, f"{self.dsn.password}\n{stdin}")
        if done.code:
            raise self._refused(self.dsn, done)
        return done.stdout

    def _refused(self, dsn: Dsn, done: Result) -> DevError:
        said = done.stderr.strip()
        if self.newer and self.newer in said:
            hint = f"give {self.database.service} in compose.yaml the image of production's version, then: inv dev.up"
            return DevError(CONFLICT, f"{dsn}: its server is newer than {self.database.service}\n{said}", hint)
        where = f"the connection is made from {self.database.service}; in a container, localhost is that container"
        return DevError(MISSING, f"{dsn} does not answer\n{said}", where, "reading the catalogue needs SELECT only")

    def _load(self, argv: Sequence[str], text: str, name: str, where: str) -> None:
        """Give a text to a client. `where`: a pattern for how it reports the line of an error."""
        done = self.engine.ask(self.database.service, argv, text)
        found = re.search(where, done.stderr)
        if done.code and found:
            lacks = "if the server lacks an extension or a role, add it to its image, or remove it from the file"
            hints = [*self.database.denied(done.stderr), lacks]
            raise DevError(
                CONFIG, f"{name}:{found[1]}: {found[2].strip().splitlines()[0]}", *hints, "inv dev.schema dump"
            )
        self.database.checked(done)
