"""Ends and removes services without their repository: their checkout, or the tools that it needs, may be gone.

What runs is found by what the machine knows: the processes on record, the labels of containers.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from devenv.base import process, records
from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines import docker, names
from devenv.engines.native import folders, processes, supervisor

NATIVE = "native"


def stop(engine: str, workspace: str, service: str) -> None:
    """Stop everything of a service and keep its data. DevError 110, 112."""
    if engine == NATIVE:
        _end_processes(folders.service(workspace, service))
    else:
        _compose(workspace, service, "stop")


def remove(engine: str, workspace: str, service: str) -> None:
    """Remove everything of a service, data included. DevError 110, 112."""
    if engine == NATIVE:
        own = folders.service(workspace, service)
        _end_processes(own)
        folders.discard(own)
    else:
        _compose(workspace, service, "down", "--volumes", "--rmi", "local", "--remove-orphans")


def is_running(engine: str, workspace: str, service: str) -> bool:
    """Whether anything of a service runs."""
    if engine == NATIVE:
        return bool(supervisor.left(folders.service(workspace, service)))
    return any(state.running for state in docker.containers(_project(workspace, service)).values())


def _end_processes(own: Path) -> None:
    """End a service's processes: first those without data, since they hold connections to the servers."""
    for unit in sorted(supervisor.units(own), key=_is_server):
        supervisor.end_folder(unit, signal.SIGINT if (unit / "postgres").is_dir() else signal.SIGTERM)
        record = processes.read_record(unit)
        if record:
            processes.write_record(unit, record._replace(ended="stopped"))


def _is_server(unit: Path) -> bool:
    return any(part.is_dir() for part in unit.glob("*"))


def _compose(workspace: str, service: str, *words: str) -> None:
    argv = ["docker", "compose", "-p", _project(workspace, service), *words]
    if process.run(argv, dict(os.environ)):
        raise docker.missing() or DevError(UNHEALTHY, f"{service}: could not be ended: {words[0]}", "see above")


def _project(workspace: str, service: str) -> str:
    return names.project(records.read(workspace, service))
