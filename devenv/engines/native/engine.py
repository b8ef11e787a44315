"""The engine without containers: runs the services of compose.yaml as processes of this machine."""

from __future__ import annotations

import functools
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Callable

from devenv.base import events, process, records, system
from devenv.base.errors import UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.engines.interface import IMPATIENT, Logs, Place, State, unhealthy
from devenv.engines.native import (
    addresses,
    app_environment,
    app_libraries,
    folders,
    logs,
    processes,
    supervisor,
    support,
)
from devenv.engines.native.app import App, shell_environment
from devenv.engines.native.servers import BY_PROGRAM, server
from devenv.engines.native.supervisor import STEP, Order, is_job
from devenv.engines.native.unit import Command, Unit
from devenv.model.secrets import BUILD
from devenv.model.services import Service

# The exit codes of a shell and of the loader for a program that is missing or damaged, and those of its crashes.
NOT_STARTED = (126, 127, 128 + signal.SIGSEGV, 128 + signal.SIGBUS, 128 + signal.SIGILL)


class NativeEngine:
    """Processes of this machine. See interface.Engine for the methods."""

    name = "native"
    starts_servers = False

    def __init__(self, place: Place) -> None:
        self.place = place
        self._seen: system.Table = {}  # the processes that the last look saw
        self._passed: dict[str, str] = {}  # services that this command started and whose check passed, with their id

    @functools.cached_property
    def units(self) -> dict[str, Unit]:
        """Every service as a unit. DevError 111 for settings that need containers."""
        support.check(self.place.services)
        return self.known

    @functools.cached_property
    def known(self) -> dict[str, Unit]:
        """The units that can run: enough to end and remove them, even if compose.yaml was changed since."""
        return {name: self._unit(name) for name in support.runnable(self.place.services)}

    def version(self) -> str:
        differences = [f"{name}: {unit.differs()}" for name, unit in self.units.items() if unit.differs()]
        return "; ".join(["native engine, no containers", *differences])

    def look(self) -> dict[str, State]:
        seen = self._seen = system.look()
        with ThreadPoolExecutor(max_workers=8) as threads:
            found = dict(zip(self.units, threads.map(lambda unit: self._state(unit, seen), self.units.values())))
        return {name: state for name, state in found.items() if state}

    def is_built(self) -> bool:
        return all(unit.is_made() for unit in self.units.values() if unit.service.build)

    def build(self, _services: Sequence[str]) -> None:
        apps = [name for name, unit in self.units.items() if unit.service.build]
        running = [self.units[name] for name in apps if supervisor.alive(self.units[name])]
        try:
            app_environment.make(self.place, lambda: self.end(apps))  # all of them share one
        except DevError:
            self._resume(running)
            raise
        self.end(apps)
        folders.remove_older(self.place)

    def _resume(self, units: Sequence[Unit]) -> None:
        """After a failed installation: start again what it ended."""
        if app_environment.is_there(self.place):
            for unit in units:
                if not supervisor.alive(unit):
                    supervisor.launch(unit, unit.command())

    def remove_older(self) -> None:
        """There is one environment, which a build changes."""

    def take(self, _image: str, _services: Sequence[str]) -> bool:
        return False  # an image needs containers

    def start(self, services: Sequence[str], timeout: float) -> None:
        try:
            self._start(services, timeout)
        except (DevError, OSError) as error:
            if getattr(error, "code", UNHEALTHY) != UNHEALTHY or not self._repair():
                raise
            self._start(services, timeout)

    def _start(self, services: Sequence[str], timeout: float) -> None:
        servers = [unit for unit in self.units.values() if isinstance(unit, server.Server)]
        for unit in servers:
            if unit.data and unit.service.name in services:
                unit.check_data()  # also of a server that goes on: its version may be another one in compose.yaml now
        addresses.note(folders.of(self.place), {unit.service.name: unit.port for unit in servers})
        for name in services:
            self.units[name].make()
        seen = system.look()
        supervisor.start_keeper(self.place, seen)
        supervisor.resume([self.units[name] for name in services], seen)
        self._end_strangers()
        self._end_stuck(services)
        order = Order(self.units, services, self.place.service)
        order.carry_out(timeout)
        records = {name: processes.read_record(self.units[name].folder) for name in order.started}
        self._passed.update({name: record.id for name, record in records.items() if record})

    def tidy(self) -> None:
        if processes.marked(self._seen, folders.unit(self.place, STEP)):
            self._end_steps()
        if any(supervisor.alive(unit) for unit in self.units.values()):
            supervisor.start_keeper(self.place, self._seen)

    def end(self, services: Sequence[str]) -> None:
        supervisor.end([self.units[name] for name in services])
        for name in services:
            supervisor.note_end(self.units[name], "stopped")

    def failing(self, states: Mapping[str, State], started: bool = False) -> list[str]:
        sick = unhealthy(states, self.units)
        left = [name for name in self.units if name not in sick and states[name].running and not states[name].checked]
        left = [name for name in left if not (started and states[name].id == self._passed.get(name))]
        with ThreadPoolExecutor(max_workers=8) as threads:
            passed = threads.map(lambda name: self.units[name].is_ready(), left)
        return [*sick, *(name for name, well in zip(left, passed) if not well)]

    def stop(self) -> None:
        self._end_steps()
        self._end_strangers()
        apps = [unit for unit in self.known.values() if not unit.data]
        supervisor.end(apps)  # first, since they hold connections to the servers
        supervisor.end([unit for unit in self.known.values() if unit.data])
        for unit in self.known.values():
            supervisor.note_end(unit, "stopped")
        supervisor.end_keeper(self.place)
        folders.discard_secrets(folders.of(self.place))

    def prepared(self) -> AbstractContextManager[None]:
        return nullcontext()

    def step(self, _name: str, argv: Sequence[str]) -> int:
        return self._run_step(argv, {})

    def _run_step(self, argv: Sequence[str], more: Mapping[str, str]) -> int:
        command = self._step(argv)
        code = process.run(command.argv, {**self._marked(command), **more}, wrapper=command.wrapper)
        return self._run_step(argv, more) if code and self._repair() else code

    def manage(self, _name: str, argv: Sequence[str]) -> int:
        # It has the user's variables for certificates and proxies, and what the install step gets.
        app_environment.fetch_manager(self.place)
        with self.place.secrets.lent(BUILD, folders.lent(self.place)) as given:
            return self._run_step(argv, {**IMPATIENT, **given})

    def collect(self, _name: str, argv: Sequence[str]) -> Result:
        command = self._step(argv)
        done = process.collect(command.argv, self._marked(command), wrapper=command.wrapper)
        return self.collect(_name, argv) if done.code and self._repair() else done

    def begin(self, _name: str, argv: Sequence[str]) -> Callable[[], Result]:
        return lambda: self.collect(_name, argv)  # a step ends others; and a process starts in no time

    def attach(self, service: str, argv: Sequence[str]) -> int:
        unit = self.units[service]
        unit.make()
        addresses.refresh(self.place.workspace, self.place.service)
        command = unit.client(tuple(argv))
        return process.attach(command.argv, shell_environment(command), wrapper=command.wrapper)

    def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
        def ask() -> Result:
            command = self.units[service].client(tuple(argv))
            return process.capture(command.whole, command.env, stdin)

        return self._with_client(ask)

    def pipe(
        self, service: str, argv: Sequence[str], source: Path | str | None = None, target: Path | None = None
    ) -> Result:
        def pipe() -> Result:
            command = self.units[service].client(tuple(argv))
            return process.pipe(command.argv, command.env, source, target)

        return self._with_client(pipe)

    def alone(self, _service: str, _script: str) -> Result:
        return Result(1, "", "")  # data is created completely or not at all: see servers/server.py

    def flush(self, _service: str) -> None:
        """New data got its place once it was on the disk: see servers/server.py."""

    def detach(self, service: str, argv: Sequence[str]) -> None:
        command = self.units[service].client(tuple(argv))
        process.echo(command.argv)
        process.spawn(command.whole, command.env, Path(os.devnull), self.place.root)

    def logs(self, services: Sequence[str], wanted: Logs, take: Callable[[str, str], None]) -> int:
        return logs.show({name: self.units[name].folder for name in services or self.units}, wanted, take)

    def tail(self, service: str, lines: int) -> list[str]:
        return logs.tail(self.units[service].folder, lines)

    def memory(self, states: Mapping[str, State]) -> dict[str, int]:
        seen = self._seen or system.look()  # `states` are from the last look
        running = [name for name, state in states.items() if state.running]
        found = {name: system.memory(supervisor.members(self.units[name], seen)) for name in running}
        return {name: used for name, used in found.items() if used is not None}

    def may_hold(self, service: str) -> bool:
        data = self.units[service].data
        return data is not None and data.is_dir()

    def data_id(self) -> str:
        ids = [server.facts(unit.data).get("id", "") for unit in self.units.values() if unit.data]
        return " ".join(ids) if all(ids) else ""

    def holds(self, noted: str, service: str = "") -> bool:
        units = [unit for name, unit in self.units.items() if unit.data and service in ("", name)]
        ids = [server.facts(unit.data).get("id") for unit in units if unit.data]
        return noted == self.data_id() or any(id in noted.split() for id in ids)

    def check_reach(self) -> None:
        """Processes see what we see."""

    def spare(self) -> None:
        for unit in self.known.values():
            logs.clear(unit.folder)
        shutil.rmtree(folders.clusters(), ignore_errors=True)

    def remove(self) -> None:
        self.stop()
        own = folders.of(self.place)
        folders.discard(own)
        if own.parent.is_dir() and not os.listdir(own.parent):
            own.parent.rmdir()
        shutil.rmtree(folders.edited(self.place), ignore_errors=True)
        # The environment belongs to the checkout, which may run in another workspace too.
        if records.workspaces_of(self.place.root, self.place.service) in ([], [self.place.workspace]):
            app_libraries.unlink(self.place)  # else libraries keep links to our packages instead of their own copies
            shutil.rmtree(folders.locked(self.place), ignore_errors=True)

    def _unit(self, name: str) -> Unit:
        service = self.place.services[name]
        kind: Callable[[Place, Service], Unit] = App if service.build else BY_PROGRAM[service.program]
        return kind(self.place, service)

    def _state(self, unit: Unit, seen: system.Table) -> State | None:
        record = processes.read_record(unit.folder)
        entry = record.entry(seen) if record else None
        if record and entry:
            if isinstance(unit, server.Server) and not unit.programs.bin.is_dir():
                # It answers, until it has to read one of their files.
                return State(record.id, True, False, "running, but its programs were removed")
            recently = unit.was_ready()
            healthy = recently or unit.is_ready()
            words = "running (healthy)" if healthy else "running (unhealthy)"
            return State(record.id, True, healthy, words, checked=not recently)
        if supervisor.members(unit, seen):
            return State("", True, False, "its main process ended, others still run")
        return self._gone(unit, record) if record else None

    def _gone(self, unit: Unit, record: processes.Record) -> State:
        complete = record.ended == "exited (0)" and is_job(self.units, unit.service.name)
        last = "".join(logs.tail(unit.folder, 1))[:100]
        words = record.ended or f"died; its last line: {last or '(none)'}"
        return State(record.id, False, complete, words)

    def _step(self, argv: Sequence[str]) -> Command:
        self._end_steps()
        unit = self.units[self.place.app]
        return unit.step(tuple(argv), STEP) if isinstance(unit, App) else unit.client(tuple(argv))

    def _marked(self, command: Command) -> Mapping[str, str]:
        return command.marked(folders.unit(self.place, STEP))

    def _repair(self) -> bool:
        """After a failure: install again what is damaged, once. False if nothing is."""
        servers = [unit for unit in self.units.values() if isinstance(unit, server.Server)]
        found = [app_environment.repair(self.place), *(unit.programs.repair() for unit in servers)]
        for path in filter(None, found):
            events.note(f"{path} is damaged: installing it again")
        if not any(found):
            return False
        if found[0]:
            self.build([])
        for unit in servers:
            unit.make()
        return True

    def _with_client(self, run: Callable[[], Result]) -> Result:
        """Run a client of a server. If it cannot be started, its programs may be damaged."""
        try:
            done = run()
        except OSError:
            if not self._repair():
                raise
            return run()
        return run() if done.code in NOT_STARTED and self._repair() else done

    def _end_stuck(self, services: Sequence[str]) -> None:
        """End the app's processes that run but are not healthy: waiting for them again would be in vain.

        Databases are not ended: one that is still creating its first files must not be interrupted.
        """
        ours = [self.units[name] for name in services if self.units[name].service.build]
        supervisor.end([unit for unit in ours if supervisor.alive(unit) and not unit.is_ready()])

    def _end_steps(self) -> None:
        """End steps whose command was killed. We hold the lock, so no command waits for them."""
        supervisor.end_marked(folders.unit(self.place, STEP))

    def _end_strangers(self) -> None:
        """End processes of services that were removed from compose.yaml. Their data stays until dev.destroy."""
        for file in folders.of(self.place).glob(f"*/{processes.FILE}"):
            if file.parent.name not in self.place.services:
                supervisor.end_marked(file.parent)
                file.unlink()
