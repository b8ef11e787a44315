"""A unit: one service of compose.yaml as a process of this machine.

The result of a healthcheck is valid for its interval, as in Compose, which does not run it more often either.
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
    """A command and its settings. `wrapper` is put before it and is not shown: namespaces, users."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    wrapper: tuple[str, ...] = ()

    @property
    def whole(self) -> list[str]:
        """The executed command line."""
        return [*self.wrapper, *self.argv]

    @property
    def fingerprint(self) -> str:
        """If this changes, the process has to be restarted."""
        return fingerprint.of_text(repr(self.whole), repr(sorted(self.env.items())), str(self.cwd))

    def marked(self, folder: Path) -> Mapping[str, str]:
        """Its environment, with the mark by which it is found again."""
        return {**self.env, MARK: str(folder)}


class Unit(Protocol):
    """One service. Failures are DevError."""

    service: Service
    folder: Path  # its records, its log, its data
    stop_signal: signal.Signals  # sent to the main process, which ends the others
    data: Path | None  # the folder of its data, which is its current folder; None if it has none

    @property
    def program(self) -> str:
        """The name of its main process."""

    def is_made(self) -> bool:
        """Whether everything that it needs is installed."""

    def make(self) -> None:
        """Install what it needs."""

    def initialise(self) -> None:
        """Create its data if there is none. Called before each start."""

    def command(self) -> Command:
        """The command to start."""

    def is_ready(self) -> bool:
        """Whether its healthcheck passes now."""

    def was_ready(self) -> bool:
        """Whether its healthcheck passed less than its interval ago, and it still listens. If not, run it."""

    def client(self, argv: tuple[str, ...]) -> Command:
        """A user's command, as it runs inside the service."""

    def differs(self) -> str:
        """How it differs from compose.yaml, in words; empty if it does not."""


def note_verdict(unit: Path, passed: bool) -> None:
    """Record the latest healthcheck result of the process on record."""
    record = processes.read_record(unit)
    if passed and record:
        (unit / FILE).write_text(record.id)
    else:
        (unit / FILE).unlink(missing_ok=True)


def passed_recently(unit: Path, interval: float) -> bool:
    """Whether the process on record passed its healthcheck less than `interval` seconds ago."""
    record, file = processes.read_record(unit), unit / FILE
    try:
        young = 0 <= time.time() - file.stat().st_mtime < interval
        return young and record is not None and file.read_text() == record.id
    except OSError:
        return False
