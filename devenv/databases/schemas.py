"""The schema of a database: dumped to a text, loaded from one, read as a catalogue. What all kinds have in common."""

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

# The client of a database elsewhere gets its password by the first line of its input: on no command line, in no file.
WITH_PASSWORD = 'IFS= read -r {0} && export {0} && exec "$@"'


@dataclass(frozen=True)
class Schema:
    """A database's schema, by the client that lies beside its server; with `dsn`, that of a database elsewhere.

    Every method is DevError with the client's own words: 112 where our server refuses, 110 where one elsewhere does,
    113 where that one is newer than the client.
    """

    database: Database
    engine: Engine
    dsn: Dsn | None = None

    kind: ClassVar[str] = ""  # as an address has it, see model/dsn.py
    password: ClassVar[str] = ""  # the variable that the kind's clients take a password from
    newer: ClassVar[str] = ""  # what they say when a server is too new for them

    def server(self) -> str:
        """What runs there: `postgres 17.5`, `mariadb 11.8.3`."""
        raise NotImplementedError

    def dump(self) -> str:
        """The schema and the records of migrations as statements; the same schema, the same text. Only reads."""
        raise NotImplementedError

    def load(self, text: str, name: str) -> None:
        """Fill the database, which must be empty, from a dump; DevError 111 with its `name` and the line at fault."""
        raise NotImplementedError

    def catalogue(self) -> list[Thing]:
        """Everything that a migration may make."""
        raise NotImplementedError

    def _ask(self, argv: Sequence[str], stdin: str = "") -> str:
        """What a client's command prints."""
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
        where = f"it is reached from where {self.database.service} runs; in a container, localhost is that container"
        return DevError(MISSING, f"{dsn} does not answer\n{said}", where, "reading the catalogue needs SELECT only")

    def _load(self, argv: Sequence[str], text: str, name: str, where: str) -> None:
        """Give a text to a client. `where`: how that one names the line at fault."""
        done = self.engine.ask(self.database.service, argv, text)
        found = re.search(where, done.stderr)
        if done.code and found:
            hints = ["what this server lacks, such as an extension or a role, is in its image or not in the file"]
            raise DevError(
                CONFIG, f"{name}:{found[1]}: {found[2].strip().splitlines()[0]}", *hints, "inv dev.schema dump"
            )
        self.database.checked(done)
