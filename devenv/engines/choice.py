"""Chooses the engine: DEV_ENGINE, else the last one, else the one that answers. Also has what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable, NamedTuple

from devenv.base import events, records
from devenv.base.errors import USAGE, DevError
from devenv.engines import client, docker, names
from devenv.engines.interface import Engine, Place
from devenv.engines.native import addresses, app_environment, folders, supervisor, support
from devenv.engines.native.engine import NativeEngine
from devenv.engines.native.servers import held as held_natively
from devenv.model import outside as network
from devenv.model import services
from devenv.model.libraries import Library
from devenv.model.services import Service

COMPOSE, NATIVE = "compose", "native"
ENGINES = (COMPOSE, NATIVE)


class Chosen(NamedTuple):
    """An engine's name, and what it answered when it was chosen; empty if it was not queried."""

    name: str
    version: str = ""


def choose(environment: Mapping[str, str], recorded: str) -> Chosen:
    """The engine. DevError 2 for an unknown one, 110 when the wanted or recorded one does not answer."""
    wanted = environment.get("DEV_ENGINE", "")
    if wanted and wanted not in ENGINES:
        raise DevError(USAGE, f"DEV_ENGINE={wanted}: unknown engine", f"allowed: {', '.join(ENGINES)}")
    if NATIVE in (wanted, recorded if not wanted else ""):
        return Chosen(NATIVE)
    if (found := docker.server()).version:
        return Chosen(COMPOSE, docker.described(found))
    if wanted or recorded == COMPOSE:  # on another engine it would have other data
        raise docker.no_engine()
    if why := docker.refusal():
        events.note(f"without containers, since Docker refuses this user: {why}. To use it: {docker.JOIN_GROUP}")
    return Chosen(NATIVE)


def make(chosen: Chosen, place: Place) -> Engine:
    """The chosen engine at a place."""
    if chosen.name == NATIVE:
        return NativeEngine(place)
    # Here, since commands without containers do not need them.
    if docker.server().is_podman:
        from devenv.engines.podman_engine import PodmanEngine

        return PodmanEngine(place, chosen.version)
    from devenv.engines.compose import ComposeEngine

    return ComposeEngine(place, chosen.version)


def running(services: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], bool | None]:
    """By workspace and service, whether anything of it runs; None if its engine does not answer.

    `services`: engine, workspace and service of each. Needs no checkout.
    """
    projects = docker.running_projects() if any(engine == COMPOSE for engine, *_ in services) else None
    found: dict[tuple[str, str], bool | None] = {}
    for engine, workspace, service in services:
        if engine == NATIVE:
            found[workspace, service] = bool(supervisor.left(folders.service(workspace, service)))
        else:
            found[workspace, service] = None if projects is None else _project(workspace, service) in projects
    return found


def _project(workspace: str, service: str) -> str:
    return names.project(records.read(workspace, service))


def undo(name: str, place: Place, library: Library) -> None:
    """Run the command by which dev.yaml removes a library. In containers the image is built without it instead."""
    if name == NATIVE:
        app_environment.undo(place, library)


def host(name: str, service: str) -> str:
    """The host of the service's URL."""
    return addresses.host(service) if name == NATIVE else f"{service}.localhost"


def variables(name: str, workspace: str, service: str, compose: Path) -> dict[str, str]:
    """The variables for compose.yaml on this engine: where the app listens, where its backing services are.

    In containers the defaults of compose.yaml apply: there each service has its own name and its usual port.
    """
    if name != NATIVE:
        return {"BIND": "0.0.0.0", **docker.owner()}
    found = {"BIND": "127.0.0.1"}
    for backing, port in addresses.assign(folders.service(workspace, service), services.backing_names(compose)).items():
        host, number = services.variable(backing, "HOST"), services.variable(backing, "PORT")
        found.update({host: "127.0.0.1", number: str(port)})
    return found


def outside(name: str, environment: Mapping[str, str], direct: Callable[[], Sequence[str]]) -> dict[str, str]:
    """The proxies for what runs on this engine. `direct`: the names of services, which only containers have."""
    if name == NATIVE:
        return network.variables(environment)
    return network.variables(client.proxied(environment), direct)


def held(name: str, record: records.Record, store: Service, volumes: Sequence[str]) -> dict[str, str] | None:
    """What the engine knows of a database's data: None without data; {} if an earlier release made it.

    Else it is ours, and has its "password" if the engine knows that.
    """
    if name == NATIVE:
        return held_natively(folders.service(record.workspace, record.service) / store.name, store.program)
    return docker.held(store, volumes, names.project(record))


def supported(name: str, found: Mapping[str, Service]) -> dict[str, Service]:
    """The services that run on this engine: all but the optional ones that it cannot run."""
    return support.supported(found) if name == NATIVE else dict(found)


def ignored(name: str, found: Mapping[str, Service]) -> list[tuple[str, list[str]]]:
    """By service, the settings of compose.yaml that this engine leaves out."""
    return [(s.name, support.ignored(s)) for s in found.values()] if name == NATIVE else []
