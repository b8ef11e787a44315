"""Ends and removes services without their repository: their checkout, or the tools that it needs, may be gone.

What runs is found by what the machine knows: the processes on record, the labels of containers.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from devenv.base import process, records
from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines import docker, names
from devenv.engines.native import folders, processes, supervisor

NATIVE = "native"


class Orphan(NamedTuple):
    """A service without its repository. `project` and `network` are for containers."""

    engine: str
    workspace: str
    service: str
    project: str
    network: str

    @classmethod
    def of(cls, record: records.Record, engine: str) -> Orphan:
        """The service of a record, on one of its engines."""
        return cls(engine, record.workspace, record.service, names.project(record), record.network)

    def stop(self) -> None:
        """Stop everything of it and keep its data. DevError 110, 112."""
        if self.engine == NATIVE:
            self._end()
        else:
            self._compose("stop")

    def remove(self) -> None:
        """Remove everything of it, data included. DevError 110, 112."""
        if self.engine == NATIVE:
            self._end()
            folders.discard(self._folder)
            return
        self._compose("down", "--volumes", "--rmi", "local", "--remove-orphans")
        docker.remove_left(self.project)
        if self.network:
            process.capture(["docker", "network", "rm", self.network])  # refused while another service is on it

    def is_running(self) -> bool:
        """Whether anything of it runs."""
        return bool(supervisor.left(self._folder)) if self.engine == NATIVE else bool(self.running())

    def running(self) -> list[str]:
        """The names of its services that run, sorted. DevError 110."""
        if self.engine == NATIVE:
            return supervisor.running(self._folder)
        return sorted(name for name, state in docker.containers(self.project).services.items() if state.running)

    def _end(self) -> None:
        """End its processes, and remove what they were lent."""
        _end_processes(self._folder)
        folders.discard_secrets(self._folder)

    @property
    def _folder(self) -> Path:
        return folders.service(self.workspace, self.service)

    def _compose(self, *words: str) -> None:
        if process.run(["docker", "compose", "-p", self.project, *words], dict(os.environ)):
            raise docker.missing() or DevError(
                UNHEALTHY, f"{self.service}: could not be ended: {words[0]}", "see above"
            )


def remove(record: records.Record, engines: Iterable[str]) -> None:
    """Remove a service with its data on these engines, and its record. The caller holds its lock. DevError 110, 112."""
    for engine in sorted(engines):
        Orphan.of(record, engine).remove()
    records.remove(record.workspace, record.service)


def _end_processes(own: Path) -> None:
    """End a service's processes: first those without data, since they hold connections to the servers."""
    for unit in sorted(supervisor.units(own), key=_is_server):
        supervisor.end_folder(unit, signal.SIGINT if (unit / "postgres").is_dir() else signal.SIGTERM)
        record = processes.read_record(unit)
        if record:
            processes.write_record(unit, record._replace(ended="stopped"))


def _is_server(unit: Path) -> bool:
    return any(part.is_dir() for part in unit.glob("*"))
