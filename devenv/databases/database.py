"""What every kind of database has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.base.errors import UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.databases.states import Copy, Create, Note, Step, Survey
from devenv.engines.interface import Engine
from devenv.model import fingerprint

FULL = ("No space left on device", "ERROR 1114 ", "Temp file write failure")  # how servers report a full disk


@dataclass(frozen=True)
class Database:
    """One database in one server, and an account that may create and drop it. Subclasses add their client and SQL.

    If the server refuses, every method raises DevError 112 with the client's message.
    """

    service: str
    program: str  # the image's name, which says which of several clients is in it
    user: str
    name: str
    password: str  # of both accounts
    account: str = ""  # the app's, if `user` is one of ours that only administers the server
    extensions: tuple[str, ...] = ()  # to be created by `user`, since the app's account may not
    superuser: bool = False  # whether the app's account may do everything anyway

    @property
    def login(self) -> str:
        """The account of the app. What is in its databases may be anything, so it must not run as `user`."""
        return self.account or self.user

    @property
    def mark(self) -> str:
        """A fingerprint of what `admit` does; empty if there is nothing to do."""
        parts = (self.account, self.password, *self.extensions, str(self.superuser))
        return fingerprint.of_text(*parts) if self.account else ""

    def at(self, name: str) -> Database:
        """Another database in the same server."""
        return replace(self, name=name)

    def client(self, *args: str) -> list[str]:
        """The client's command, to be run where the server runs."""
        raise NotImplementedError

    def version(self, engine: Engine) -> str:
        """The server's version: 17.5, 11.8.3-MariaDB."""
        raise NotImplementedError

    @property
    def ledger(self) -> str:
        """The name of our own small database on the server, which has the table `states`."""
        return "our_devenv" if self.name.startswith("devenv") else "devenv"

    @property
    def keeps(self) -> bool:
        """Whether our account may make databases. If not, the server keeps no record and no states."""
        return True

    def other_version(self, _engine: Engine) -> tuple[str, str] | None:
        """The major versions of the data and of its server, if the server cannot read that data.

        MariaDB and MySQL read the data of an older version, and keep no data that they would have to downgrade.
        """
        return None

    def survey(self, engine: Engine) -> Survey:
        """All databases of the server, and what is known of them: one query if the table exists."""
        raise NotImplementedError

    def establish(self, engine: Engine, ensure: bool, admit: bool) -> None:
        """Create our own database and its table, as far as they are missing (`ensure`).

        Then make the app's account, with its password and rights (`admit`). Done again, both change nothing.
        """
        raise NotImplementedError

    def carry_out(self, engine: Engine, steps: Sequence[Step]) -> None:
        """Do these steps in this order. If it ends early, each one was done or not, and none after it was begun."""
        for step in steps:
            if isinstance(step, Note):
                self.note(engine, step)
            elif isinstance(step, Create):
                self.at(step.name).create(engine)
            elif isinstance(step, Copy):
                self.at(step.name).copy(engine, step.source)
            else:
                self.at(step.name).drop(engine)

    def discard(self, engine: Engine, steps: Sequence[Step]) -> bool:
        """Do these steps, of which nobody needs the end. True if they were done, False if they were only begun."""
        self.carry_out(engine, steps)
        return True

    def note(self, engine: Engine, note: Note) -> None:
        """Change rows and names in one transaction."""
        raise NotImplementedError

    def create(self, engine: Engine) -> None:
        """Make the empty database."""
        raise NotImplementedError

    def drop(self, engine: Engine) -> None:
        """Remove the database if it exists, and end its sessions."""
        raise NotImplementedError

    def copy(self, engine: Engine, source: str) -> None:
        """Create this database, which must not exist yet, as a copy of another. Ends the sessions of the source.

        If it is killed at any moment, the source is unchanged, and this database may be incomplete.
        """
        raise NotImplementedError

    @property
    def clearing(self) -> str:
        """A shell script for the server's container, while the server is down: it removes all files of the data.

        It fails, and removes nothing, if a file may be a table that a person, the app or we made. Empty: there is none.
        """
        return ""

    def settle(self, engine: Engine, names: Sequence[str]) -> None:
        """End the work that the server still does for killed clients on these databases, and wait until it has ended.

        Some servers stop on their own when a client is gone; for those, this does nothing.
        """

    def renew(self, engine: Engine) -> None:
        """Build the indexes again after the image got another version of its sort order: see Survey.stale."""

    @property
    def renames(self) -> bool:
        """Whether the server can give a database another name. If not, the app has to use another name."""
        return False

    def is_empty(self, engine: Engine) -> bool:
        """Whether the database has no tables."""
        raise NotImplementedError

    def sizes(self, engine: Engine) -> dict[str, int]:
        """All databases of the server, except its own and ours, with their size in bytes."""
        raise NotImplementedError

    def dump(self, engine: Engine, file: Path) -> None:
        """Write the database, without owners, to a file of this machine that `load` reads on any engine."""
        raise NotImplementedError

    def load(self, engine: Engine, file: Path) -> None:
        """Fill this database, which must be empty, from what `dump` wrote."""
        raise NotImplementedError

    def flush(self, engine: Engine) -> None:
        """Wait until all rows of this database are on the disk. Some servers wait at each commit."""

    def ask(self, engine: Engine, argv: Sequence[str], stdin: str = "") -> str:
        """The output of a client's command."""
        return self.checked(engine.ask(self.service, argv, stdin)).stdout.strip()

    def checked(self, done: Result) -> Result:
        """The result of a command; DevError 112 with its message if it failed."""
        if done.code:
            is_full = any(words in done.stderr for words in FULL)
            hint = "inv dev.state prune" if is_full else f"inv dev.logs -s {self.service}"
            raise DevError(UNHEALTHY, f"{self.service}: {done.stderr.strip()}", *self.denied(done.stderr), hint)
        return done

    def denied(self, _said: str) -> list[str]:
        """How to allow what the server refused to the app's account, according to what it said or logged."""
        return []


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
