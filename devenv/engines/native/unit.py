"""What the engine runs: one service of compose.yaml as a process of this machine."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from devenv.engines.native.processes import MARK
from devenv.model import fingerprint
from devenv.model.services import Service


class Command(NamedTuple):
    """A command with all that it needs. `wrapper` stands before it and is not shown: namespaces, users."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    wrapper: tuple[str, ...] = ()

    @property
    def whole(self) -> list[str]:
        """What is executed."""
        return [*self.wrapper, *self.argv]

    @property
    def fingerprint(self) -> str:
        """The same text, the same process: another one means that it has to be started anew."""
        return fingerprint.of_text(repr(self.whole), repr(sorted(self.env.items())), str(self.cwd))

    def marked(self, folder: Path) -> Mapping[str, str]:
        """Its environment with the mark by which it is found again."""
        return {**self.env, MARK: str(folder)}


class Unit(Protocol):
    """One service, whatever runs it. Failures are DevError."""

    service: Service
    folder: Path  # its records, its log, its data
    stop_signal: signal.Signals  # sent to the first process; the rest of its family follows
    data: Path | None  # where its data lies, which is its current folder; None where it has none

    @property
    def program(self) -> str:
        """The name of its first process."""

    def is_made(self) -> bool:
        """Whether all that it needs is on this machine."""

    def make(self) -> None:
        """Fetch or install what it needs."""

    def initialise(self) -> None:
        """Make its data where there is none, before each start."""

    def command(self) -> Command:
        """What to start."""

    def is_ready(self) -> bool:
        """Whether its healthcheck passes now."""

    def seems_ready(self) -> bool:
        """The same as known for less: a verdict that is younger than the healthcheck's interval counts."""

    def client(self, argv: tuple[str, ...]) -> Command:
        """A command of a person's, as it runs where the service runs."""

    def differs(self) -> str:
        """In which way it is not what compose.yaml says, in words; empty where it is."""
