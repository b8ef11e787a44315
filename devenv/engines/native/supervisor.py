"""Starts units in the order of their dependencies, waits until all are healthy, finds them again and ends them.

No process of ours watches them. Only the keeper, which limits the size of their logs, stays resident.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Callable

from devenv.base import ports, process, system
from devenv.base.errors import UNHEALTHY, DevError
from devenv.base.system import Entry, Table
from devenv.engines.interface import LOG_LINES, Place, advice, logged
from devenv.engines.native import folders, logs, processes
from devenv.engines.native.unit import Command, Unit
from devenv.model import services
from devenv.model.services import COMPLETED

GRACE = 10.0  # seconds between the signal to stop and SIGKILL, as in Compose
ENDING = 0.01  # seconds between two looks at processes that are about to end
STARTING = 0.03  # seconds between two rounds of a start: each checks the port first, which is fast
HEALTHY = "service_healthy"
KEEPERS = "keeper"  # the mark of the keeper
STEP = "step"  # the mark of migrate and seed
KEEPER = Path(__file__).with_name("keeper.sh")


def alive(unit: Unit) -> Entry | None:
    """The unit's process, if it runs as recorded."""
    record = processes.read_record(unit.folder)
    return record.entry() if record else None


def is_current(unit: Unit, command: Command) -> bool:
    """Whether it runs, and was started with exactly this command and environment."""
    record = processes.read_record(unit.folder)
    return bool(record and record.entry() and record.made_from == command.fingerprint)


def members(unit: Unit, seen: Table) -> set[int]:
    """All processes of the unit, even if the record was lost or a parent died."""
    found = processes.of_unit(unit.folder, seen)
    if unit.data:
        found |= processes.inside(seen, unit.data, unit.program)
    return processes.family(seen, found)


def launch(unit: Unit, command: Command) -> subprocess.Popen[bytes]:
    """Start the unit, after ending what is left of an earlier one. It outlives this process, and so does its record."""
    end([unit])
    unit.folder.mkdir(parents=True, exist_ok=True)
    unit.initialise()
    process.echo(command.argv)
    logs.trim(unit.folder)
    started = process.spawn(command.whole, command.marked(unit.folder), logs.path(unit.folder), command.cwd)
    entry = system.only(started.pid).get(started.pid)  # None: it has already ended
    birth = entry.birth if entry else "unknown"
    processes.write_record(unit.folder, processes.Record(started.pid, birth, command.fingerprint))
    return started


def note_end(unit: Unit, words: str) -> None:
    """Record how its process ended."""
    record = processes.read_record(unit.folder)
    if record:
        processes.write_record(unit.folder, record._replace(ended=words))


def end(units: list[Unit]) -> None:
    """End units together, and wait for all their processes: a signal to the main process, then SIGKILL to all."""
    seen = system.look()
    left = {unit.folder: members(unit, seen) for unit in units}
    resume(units, seen)
    for unit in units:
        _signal(_first(unit, left[unit.folder]), unit.stop_signal)
    everything = set().union(*left.values()) if left else set()
    if not everything:
        return
    _wait({seen[pid] for pid in everything}, GRACE)
    for unit in units:  # they may have started processes meanwhile
        kill_all(unit)


def resume(units: Iterable[Unit], seen: Table) -> None:
    """Let processes go on that were stopped, as by `kill -STOP` or a debugger: they notice no other signal."""
    for unit in units:
        _signal(members(unit, seen), signal.SIGCONT)


def kill_all(unit: Unit) -> None:
    """Send SIGKILL to everything that is left of the unit."""
    _end(lambda seen: members(unit, seen), signal.SIGKILL)


def end_marked(mark: Path) -> None:
    """End all processes with this mark or on record there, and their children: steps of killed commands."""

    def family(seen: Table) -> set[int]:
        return processes.family(seen, processes.of_unit(mark, seen))

    _end(family, signal.SIGTERM)
    # Once more: a process may have started another one just before it got the signal.
    _end(family, signal.SIGKILL)


def end_folder(folder: Path, number: signal.Signals) -> None:
    """End a unit of which only the folder is known: the process on record gets the signal, then all get SIGKILL."""

    def family(seen: Table) -> set[int]:
        inside = {pid for data in folder.glob("*") if data.is_dir() for pid in processes.inside(seen, data)}
        return processes.family(seen, processes.of_unit(folder, seen) | inside)

    def first(seen: Table) -> set[int]:
        record = processes.read_record(folder)
        entry = record.entry(seen) if record else None
        return {entry.pid} if entry else family(seen)

    _end(first, number)
    _end(family, signal.SIGKILL)


def units(folder: Path) -> list[Path]:
    """The folders of a service's units, and the marks of its other processes, by the files in its folder."""
    return [*sorted(path for path in folder.glob("*") if path.is_dir()), folder / KEEPERS, folder / STEP]


def running(folder: Path) -> list[str]:
    """The names of a service's units that run, by the files in its folder."""
    seen = system.look()
    return [unit.name for unit in units(folder) if unit.is_dir() and processes.of_unit(unit, seen)]


def left(folder: Path) -> list[int]:
    """The processes of a service without its compose.yaml, found by the files in its folder."""
    seen = system.look()
    heads = [processes.of_unit(unit, seen) for unit in units(folder)]
    return sorted(processes.family(seen, set().union(*heads)))


def _end(choose: Callable[[Table], set[int]], number: signal.Signals) -> None:
    """Signal the processes that `choose` finds, and wait for their end."""
    seen = system.look()
    found = choose(seen)
    _signal(found, number)
    _wait({seen[pid] for pid in found}, GRACE)


def _first(unit: Unit, found: set[int]) -> set[int]:
    """The processes to signal: of a server the main process, which ends its children; of an app the whole group."""
    entry = alive(unit)
    return {entry.pid} if entry and unit.data else found


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _wait(entries: set[Entry], timeout: float) -> None:
    until = time.monotonic() + timeout
    while system.running(entries) and time.monotonic() < until:
        time.sleep(ENDING)


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
        """Return when all are healthy or, if required, completed. DevError 112 otherwise."""
        until = time.monotonic() + timeout
        while not self._done():
            for name in self.names:
                self._advance(name)
            if time.monotonic() > until:
                name = next(name for name in self.names if name not in self.healthy | self.completed)
                raise self._failure(name, f"is not healthy within {timeout:g} s", *self._closed(name))
            time.sleep(0 if self._done() else STARTING)

    def _done(self) -> bool:
        return set(self.names) <= self.healthy | self.completed

    def _advance(self, name: str) -> None:
        """Move one unit one step further: started, ended, or healthy."""
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
        if not is_current(unit, command):
            self.started[name] = launch(unit, command)

    def _has_ended(self, name: str) -> bool:
        if name in self.started:
            return self.started[name].poll() is not None
        return alive(self.units[name]) is None

    def _end(self, name: str) -> None:
        code = self.started[name].returncode if name in self.started else None
        note_end(self.units[name], "" if code is None else f"exited ({code})")
        if not (self._is_job(name) and code == 0):
            raise self._failure(name, "ended" if code is None else f"ended with exit code {code}")
        self.completed.add(name)

    def _is_job(self, name: str) -> bool:
        return is_job(self.units, name)

    def _closed(self, name: str) -> list[str]:
        """A hint about a published port on which the app does not listen. A container would map it to another one."""
        service = self.units[name].service
        closed = next((port for port in service.ports if service.build and not ports.listens(port)), 0)
        what = f"nothing listens on {closed}, and without containers no port is mapped to another one"
        return [f"{what}: let the command listen on ${{PORT}}"] if closed else []

    def _failure(self, name: str, what: str, *hints: str) -> DevError:
        text = logged(logs.tail(self.units[name].folder, LOG_LINES))
        well = name in self.started and self.started[name].poll() == 0
        return DevError(UNHEALTHY, f"{self.service}: {name} {what}\n{text}", *hints, *advice(name, well))


def is_job(units: Mapping[str, Unit], name: str) -> bool:
    """Whether others wait for it to complete."""
    return name in services.jobs({each: unit.service for each, unit in units.items()})


def closure(units: Mapping[str, Unit], names: Iterable[str]) -> list[str]:
    """The names with all their dependencies, which come first."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for other in units[name].service.depends_on:
            if other in units and other not in found and other != name:
                visit(other)
        found[name] = None

    for name in names:
        visit(name)
    return list(found)


def start_keeper(place: Place, seen: Table) -> None:
    """Start the small process that limits the size of a service's logs (keeper.sh), unless it was seen to run."""
    folder, mark = folders.of(place), _keeper_mark(place)
    folder.mkdir(parents=True, exist_ok=True)
    # Not one of its children, such as `sleep`: they outlive a killed keeper for a moment.
    if not any(seen[pid].session == pid for pid in processes.marked(seen, mark)):
        env = {"PATH": os.environ.get("PATH", os.defpath), processes.MARK: str(mark)}
        named = f"{processes.MARK}={mark}"  # also as an argument, since macOS hides the variables of its sh
        process.spawn(["sh", str(KEEPER), str(folder), named], env, Path(os.devnull), folder)


def end_keeper(place: Place) -> None:
    """End the process that `start_keeper` started."""
    end_marked(_keeper_mark(place))


def _keeper_mark(place: Place) -> Path:
    return folders.unit(place, KEEPERS)
