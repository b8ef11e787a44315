"""Starts, finds again and ends the processes of one unit. Nothing of ours stays resident to watch them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable

from devenv.base import process
from devenv.engines.native import logs, processes
from devenv.engines.native.processes import Table
from devenv.engines.native.unit import Command, Unit

GRACE = 10.0  # seconds that a process has between the signal to end and the end, as in Compose
POLL = 0.01  # seconds between two looks at processes that are about to end


def alive(unit: Unit) -> processes.Entry | None:
    """The unit's process, where it runs as the record says."""
    record = processes.read_record(unit.folder)
    return record.entry() if record else None


def is_current(unit: Unit, command: Command) -> bool:
    """Whether it runs, and was started from this very command and environment."""
    record = processes.read_record(unit.folder)
    return bool(record and record.entry() and record.made_from == command.fingerprint)


def members(unit: Unit, seen: Table) -> set[int]:
    """Every process of the unit, those included whose record was lost or whose parent died."""
    found = processes.heads(unit.folder, seen) | processes.marked(seen, unit.folder)
    if unit.data:
        found |= processes.inside(seen, unit.data, unit.program)
    return processes.family(seen, found)


def launch(unit: Unit, command: Command) -> subprocess.Popen[bytes]:
    """Start the unit; what is left of an earlier one is ended first. It outlives us, and so does its record."""
    end([unit])
    unit.folder.mkdir(parents=True, exist_ok=True)
    unit.initialise()
    process.echo(command.argv)
    logs.trim(unit.folder)
    started = process.spawn(command.whole, command.marked(unit.folder), logs.path(unit.folder), command.cwd)
    entry = processes.only(started.pid).get(started.pid)  # None: it has ended already
    birth = entry.birth if entry else "unknown"
    processes.write_record(unit.folder, processes.Record(started.pid, birth, command.fingerprint))
    return started


def note_end(unit: Unit, words: str) -> None:
    """Write down how its process ended."""
    record = processes.read_record(unit.folder)
    if record:
        processes.write_record(unit.folder, record._replace(ended=words))


def end(units: list[Unit]) -> None:
    """End units together and wait until nothing of them runs: a signal to the first process, then SIGKILL to all."""
    seen = processes.look()
    left = {unit.folder: members(unit, seen) for unit in units}
    for unit in units:
        _signal(_first(unit, left[unit.folder]), unit.stop_signal)
    everything = set().union(*left.values()) if left else set()
    if not everything:
        return
    _wait({seen[pid] for pid in everything}, GRACE)
    for unit in units:  # what was started while we waited belongs to them too
        kill_all(unit)


def kill_all(unit: Unit) -> None:
    """No excuses: whatever is still there of the unit."""
    _end(lambda seen: members(unit, seen), signal.SIGKILL)


def end_marked(mark: Path) -> None:
    """End every process with this mark or on record there, and what it started: a step whose command was killed."""

    def family(seen: Table) -> set[int]:
        return processes.family(seen, processes.marked(seen, mark) | processes.heads(mark, seen))

    _end(family, signal.SIGTERM)
    # Once more: one that was about to start another when it was told to end leaves that one behind.
    _end(family, signal.SIGKILL)


def left(folder: Path) -> list[int]:
    """The processes of a service whose compose.yaml is gone, by what lies in its folder."""
    seen = processes.look()
    heads = [processes.heads(unit, seen) | processes.marked(seen, unit) for unit in folder.glob("*")]
    return sorted(processes.family(seen, set().union(*heads)))


def _end(choose: Callable[[Table], set[int]], number: signal.Signals) -> None:
    """Signal the processes that are chosen now, and wait for their end."""
    seen = processes.look()
    found = choose(seen)
    _signal(found, number)
    _wait({seen[pid] for pid in found}, GRACE)


def _first(unit: Unit, found: set[int]) -> set[int]:
    """Whom to tell: the server's first process, which ends its own children; of an app, the whole group."""
    entry = alive(unit)
    return {entry.pid} if entry and unit.data else found


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _wait(entries: set[processes.Entry], timeout: float) -> None:
    until = time.monotonic() + timeout
    while processes.running(entries) and time.monotonic() < until:
        time.sleep(POLL)
