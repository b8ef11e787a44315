"""What the engine runs: one service of compose.yaml as a process of this machine.

A healthcheck that passed counts for its interval, as in Compose, where nothing runs it more often either.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from devenv.engines.native import processes
from devenv.engines.native.processes import MARK
from devenv.model import fingerprint
from devenv.model.services import Service

FILE = "healthy"


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
        """The same text, the same process: another one means that it has to be restarted."""
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


def note_verdict(unit: Path, passed: bool) -> None:
    """Write down what the healthcheck of the process that the record names has just said."""
    record = processes.read_record(unit)
    if passed and record:
        (unit / FILE).write_text(f"{record.pid}-{record.birth}")
    else:
        (unit / FILE).unlink(missing_ok=True)


def passed_recently(unit: Path, interval: float) -> bool:
    """Whether that process passed its healthcheck less than `interval` seconds ago."""
    record, file = processes.read_record(unit), unit / FILE
    try:
        young = 0 <= time.time() - file.stat().st_mtime < interval
        return young and record is not None and file.read_text() == f"{record.pid}-{record.birth}"
    except OSError:
        return False
