"""A service that is built from this repository, as a process in the app's environment: web, worker or one-off job."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from devenv.base import ports, process
from devenv.engines.interface import Place
from devenv.engines.native import addresses, app_environment, folders, unit
from devenv.engines.native.unit import Command
from devenv.model import outside
from devenv.model.secrets import RUN
from devenv.model.services import Service


class App:
    """See unit.Unit for the methods."""

    stop_signal = signal.SIGTERM
    data: Path | None = None

    def __init__(self, place: Place, service: Service) -> None:
        self.place = place
        self.service = service
        self.folder = folders.unit(place, service.name)
        # Not the debugger's port: a connection there would attach.
        self.ports = set(service.ports) - {int(place.variables.get("DEBUG_PORT", 0))}
        self.argv = (*(service.entrypoint or ()), *(service.command or ()))
        self.program = Path(self.argv[0]).name if self.argv else ""

    def is_made(self) -> bool:
        return app_environment.is_made(self.place)

    def make(self) -> None:
        app_environment.make(self.place)

    def initialise(self) -> None:
        addresses.refresh(self.place.workspace, self.place.service)
        addresses.link(self.place.workspace, self.place.service, self.service.name)

    def command(self) -> Command:
        return self._command(self.argv, self.service.name)

    def client(self, argv: tuple[str, ...]) -> Command:
        return self._command(argv)

    def check_command(self, argv: tuple[str, ...]) -> Command:
        """The healthcheck. It must not start a program that asks for a secret each time."""
        folder = folders.secrets(self.place)
        return self._with(argv, {**self.place.secrets.paths(RUN, folder), **self.place.secrets.quick(RUN)})

    def step(self, argv: tuple[str, ...], mark: str) -> Command:
        """A step of ours, which runs like the app. `mark`: the folder by which its processes are found."""
        addresses.refresh(self.place.workspace, self.place.service)
        addresses.link(self.place.workspace, self.place.service, mark)
        return self._command(argv, mark)

    def _command(self, argv: tuple[str, ...], mark: str = "") -> Command:
        return self._with(argv, self.place.secrets.placed(RUN, folders.secrets(self.place)), mark)

    def _with(self, argv: tuple[str, ...], secrets: Mapping[str, str], mark: str = "") -> Command:
        env = {**app_environment.variables(self.place), **self.service.environment, **secrets}
        wrapper = addresses.wrapper(self.place.workspace, self.place.service, mark)
        return Command(tuple(argv), env, self.place.root, wrapper)

    def is_ready(self) -> bool:
        # If nothing listens, it cannot be healthy: starting a Python for the healthcheck is not needed.
        if not all(ports.listens(port) for port in self.ports):
            return False
        check = self.service.healthcheck
        if not check:
            return True
        command = self.check_command(check.argv)
        env = {name: value for name, value in command.env.items() if name.lower() not in outside.PROXIES}
        passed = process.probe(command.argv, env, command.cwd, check.timeout)
        unit.note_verdict(self.folder, passed)
        return passed

    def was_ready(self) -> bool:
        check = self.service.healthcheck
        recently = check and unit.passed_recently(self.folder, check.interval)
        return bool(recently) and all(ports.listens(port) for port in self.ports)

    def differs(self) -> str:
        return ""


def shell_environment(command: Command) -> dict[str, str]:
    """Extra variables for a person at a terminal: colours, the size of the window."""
    kept = {name: os.environ[name] for name in ("COLUMNS", "LINES", "EDITOR", "PAGER") if name in os.environ}
    return {**kept, **command.env}
