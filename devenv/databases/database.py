"""What every kind of database has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.base.errors import UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.engines.interface import Engine

FULL = ("No space left on device", "ERROR 1114 ")  # what servers say of a full disk


@dataclass(frozen=True)
class Database:
    """One database in one server, and an account that may make and remove it. A kind adds its client and its SQL.

    Every method is DevError 112 with the client's own words where the server refuses.
    """

    service: str
    program: str  # of the image: its name says which of several clients is in it
    user: str
    name: str
    password: str

    def at(self, name: str) -> Database:
        """Another database in the same server."""
        return replace(self, name=name)

    def client(self, *args: str) -> list[str]:
        """The client's command, to be run where the server runs."""
        raise NotImplementedError

    def version(self, engine: Engine) -> str:
        """The server's version: 17.5, 11.8.3-MariaDB."""
        raise NotImplementedError

    def exists(self, engine: Engine) -> bool:
        """Whether the database is there; it is not after a reset that was killed half-way."""
        return self.name in self.sizes(engine)

    def create(self, engine: Engine) -> None:
        """Make the empty database."""
        raise NotImplementedError

    def drop(self, engine: Engine) -> None:
        """Remove the database, where it is there, and end its sessions."""
        raise NotImplementedError

    def copy(self, engine: Engine, source: str) -> None:
        """Make this database, which must not be there yet, a copy of another. Ends the sessions of that one.

        Killed at any moment, it leaves the source as it was, and at worst half of this one.
        """
        raise NotImplementedError

    def settle(self, engine: Engine, names: Sequence[str]) -> None:
        """End what clients that were killed left the server doing for these databases, and wait until it is ended.

        A kind whose server does nothing on its own has nothing to end.
        """

    @property
    def renames(self) -> bool:
        """Whether `take_over` and `renew` are there. Where not, the app has to be told another name."""
        return False

    def take_over(self, engine: Engine, draft: str, aside: str) -> None:
        """Give this name to the database `draft`; what had it is called `aside` from then on. Both or neither."""
        raise NotImplementedError

    def renew(self, engine: Engine, source: str, draft: str, aside: str, gone: Sequence[str]) -> None:
        """The same with a copy of `source`, called `draft` until then; afterwards remove `gone`. All in one call."""
        raise NotImplementedError

    def is_empty(self, engine: Engine) -> bool:
        """Whether there is no table in it."""
        raise NotImplementedError

    def sizes(self, engine: Engine) -> dict[str, int]:
        """All databases of the server but its own, with their bytes on its disk."""
        raise NotImplementedError

    def dump(self, engine: Engine, file: Path) -> None:
        """Write the database, owners left out, to a file of this machine that `load` reads on any engine."""
        raise NotImplementedError

    def load(self, engine: Engine, file: Path) -> None:
        """Fill this database, which must be empty, from what `dump` wrote."""
        raise NotImplementedError

    def ask(self, engine: Engine, argv: Sequence[str], stdin: str = "") -> str:
        """What a client's command prints."""
        return self.checked(engine.ask(self.service, argv, stdin)).stdout.strip()

    def checked(self, done: Result) -> Result:
        """What a command left; DevError 112 with what it said where it failed."""
        if done.code:
            is_full = any(words in done.stderr for words in FULL)
            hint = "inv dev.state prune" if is_full else f"inv dev.logs -s {self.service}"
            raise DevError(UNHEALTHY, f"{self.service}: {done.stderr.strip()}", hint)
        return done


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
