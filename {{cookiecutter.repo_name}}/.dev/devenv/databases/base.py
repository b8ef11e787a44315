# Owner: the template. Do not edit: updates replace this file.
"""What every kind of database has in common."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines.protocol import Engine


@dataclass(frozen=True)
class Database:
    """One database in one server, and an account that may make and remove it. A kind adds its client and its SQL."""

    service: str
    program: str  # of the image: its name says which of several clients is in it
    user: str
    name: str
    password: str

    def client(self, *args: str) -> list[str]:
        """The client's command, to be run where the server runs."""
        raise NotImplementedError

    def exists(self, engine: Engine) -> bool:
        """Whether the database is there; it is not after a reset that was killed half-way."""
        raise NotImplementedError

    def create(self, engine: Engine) -> None:
        """Make the empty database."""
        raise NotImplementedError

    def drop(self, engine: Engine) -> None:
        """Remove the database and end its sessions."""
        raise NotImplementedError

    def ask(self, engine: Engine, argv: list[str]) -> str:
        """What a client's command prints; DevError 112 with what it says when it fails."""
        done = engine.ask(self.service, argv)
        if done.code:
            raise DevError(UNHEALTHY, f"{self.service}: {done.stderr.strip()}", f"inv dev.logs -s {self.service}")
        return done.stdout.strip()


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
