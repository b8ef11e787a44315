"""Starts units in the order of their dependencies and waits until all are healthy."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Mapping

from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines.interface import LOG_LINES, logged
from devenv.engines.native import logs, supervisor
from devenv.engines.native.unit import Unit

COMPLETED = "service_completed_successfully"
HEALTHY = "service_healthy"
POLL = 0.03  # seconds between two rounds: the port is asked first, which costs next to nothing


class Order:
    """One start of several units."""

    def __init__(self, units: Mapping[str, Unit], names: Iterable[str], service: str) -> None:
        self.units = units
        self.names = closure(units, names)
        self.service = service
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.running: set[str] = set()
        self.healthy: set[str] = set()
        self.completed: set[str] = set()

    def carry_out(self, timeout: float) -> None:
        """Return when all are healthy or, where that is wanted, completed. DevError 112 otherwise."""
        until = time.monotonic() + timeout
        while not self._done():
            for name in self.names:
                self._advance(name)
            if time.monotonic() > until:
                name = next(name for name in self.names if name not in self.healthy | self.completed)
                raise self._failure(name, f"is not healthy within {timeout:g} s")
            time.sleep(0 if self._done() else POLL)

    def _done(self) -> bool:
        return set(self.names) <= self.healthy | self.completed

    def _advance(self, name: str) -> None:
        """One unit one step further: started, found ended, or found healthy."""
        if name in self.healthy | self.completed:
            return
        if name not in self.running:
            if self._may_start(name):
                self._start(name)
        elif self._has_ended(name):
            self._end(name)
        elif not self._is_job(name) and self.units[name].is_ready():
            self.healthy.add(name)

    def _may_start(self, name: str) -> bool:
        reached = {COMPLETED: self.completed, HEALTHY: self.healthy}
        needs = self.units[name].service.depends_on
        return all(n in reached.get(condition, self.running) for n, condition in needs.items() if n in self.units)

    def _start(self, name: str) -> None:
        unit = self.units[name]
        command = unit.command()
        self.running.add(name)
        if not supervisor.is_current(unit, command):
            self.started[name] = supervisor.launch(unit, command)

    def _has_ended(self, name: str) -> bool:
        if name in self.started:
            return self.started[name].poll() is not None
        return supervisor.alive(self.units[name]) is None

    def _end(self, name: str) -> None:
        code = self.started[name].returncode if name in self.started else None
        supervisor.note_end(self.units[name], "" if code is None else f"exited ({code})")
        if not (self._is_job(name) and code == 0):
            raise self._failure(name, "ended" if code is None else f"ended with exit code {code}")
        self.completed.add(name)

    def _is_job(self, name: str) -> bool:
        return is_job(self.units, name)

    def _failure(self, name: str, what: str) -> DevError:
        text = logged(logs.tail(self.units[name].folder, LOG_LINES))
        slow = "a slow start needs a larger budget.ready in dev.yaml"
        return DevError(UNHEALTHY, f"{self.service}: {name} {what}\n{text}", f"inv dev.logs -s {name}", slow)


def is_job(units: Mapping[str, Unit], name: str) -> bool:
    """Whether others wait for it to be completed: it is no server, and its end is no failure."""
    return any(unit.service.depends_on.get(name) == COMPLETED for unit in units.values())


def closure(units: Mapping[str, Unit], names: Iterable[str]) -> list[str]:
    """The names with all that they depend on, what is depended on first."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for other in units[name].service.depends_on:
            if other in units and other not in found and other != name:
                visit(other)
        found[name] = None

    for name in names:
        visit(name)
    return list(found)
