"""Which settings of compose.yaml the native engine honours, which it ignores, and which are errors."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.base.errors import DevError
from devenv.engines.native.servers import BY_PROGRAM
from devenv.engines.native.servers.redis import PASSWORD
from devenv.model.services import Service, mounts, mounts_and_volumes

HONOURED = {
    *("image", "build", "command", "entrypoint", "environment", "env_file", "depends_on", "healthcheck", "ports"),
    *("profiles", "extends", "volumes", "working_dir"),
}
# Settings that are ignored without harm, and why.
HARMLESS = {
    "mem_limit": "no limit is enforced; dev.status measures against the budget",
    "memswap_limit": "no limit is enforced",
    "mem_reservation": "no limit is enforced",
    "cpus": "no limit is enforced",
    "cpu_shares": "no limit is enforced",
    "pids_limit": "no limit is enforced",
    "ulimits": "those of your shell apply",
    "shm_size": "the machine's applies",
    "deploy": "no limit is enforced, one process runs",
    "user": "it runs as you",
    "group_add": "it runs as you",
    "init": "not needed without containers",
    "networks": "everything is on 127.0.0.1",
    "expose": "everything is on 127.0.0.1",
    "hostname": "the machine's applies",
    "dns": "the machine's applies",
    "extra_hosts": "the machine's hosts file applies",
    "container_name": "not needed without containers",
    "labels": "not needed without containers",
    "annotations": "not needed without containers",
    "platform": "not needed without images",
    "pull_policy": "not needed without images",
    "restart": "services do not restart by themselves: inv dev.up restarts them",
    "logging": "logs are files of at most 10 MB",
    "stdin_open": "inv dev.shell has the terminal",
    "tty": "inv dev.shell has the terminal",
    "stop_grace_period": "it is 10 s",
    "stop_signal": "it is the server's own, or SIGTERM",
    "cap_add": "it has your rights",
    "cap_drop": "it has your rights",
    "security_opt": "it has your rights",
    "read_only": "it has your rights",
    "tmpfs": "the machine's /tmp is used",
    "develop": "the source is live by itself",
}


def supported(services: Mapping[str, Service]) -> dict[str, Service]:
    """The services that are not both optional in compose.yaml and impossible here."""
    return {name: s for name, s in services.items() if not (s.optional and _wrong(s))}


def runnable(services: Mapping[str, Service]) -> list[str]:
    """The names of the services that can run here."""
    return [name for name, service in services.items() if not _wrong(service)]


def check(services: Mapping[str, Service]) -> None:
    """DevError 111 with file and line for the first setting that cannot be honoured."""
    for service in services.values():
        problem = _wrong(service)
        if problem:
            raise problem


def ignored(service: Service) -> list[str]:
    """The settings of a service that are left out, and what is true instead."""
    found = [f"{key}: {HARMLESS[key]}" for key in service.raw.data if key in HARMLESS]
    found += [f"volumes: {text}" for text in _elsewhere(service)] if service.build else []
    if not service.build and service.healthcheck:
        found.append("healthcheck: the server is asked directly")
    return found


def _wrong(service: Service) -> DevError | None:
    return next((service.raw.error(f"{service.name}: {text}", *keys) for text, *keys in _problems(service)), None)


def _problems(service: Service) -> Iterator[tuple[Any, ...]]:
    for key in service.raw.data:
        if key not in HONOURED and key not in HARMLESS and not str(key).startswith("x-"):
            yield f"{key} needs containers (optional services: x-devenv-optional: true)", key
    yield from _app(service) if service.build else _server(service)


def _app(service: Service) -> Iterator[tuple[Any, ...]]:
    if not (service.command or service.entrypoint):
        yield ("without an image its command is not known: give it a command here",)
    folder = service.raw.data.get("working_dir")
    if folder and folder not in _mounted_root(service):
        yield f"working_dir {folder} is not where the repository is mounted", "working_dir"


def _server(service: Service) -> Iterator[tuple[Any, ...]]:
    if service.program not in BY_PROGRAM:
        known = ", ".join(BY_PROGRAM)
        message = f"no local server is known for the image {service.image} (known: {known})"
        yield f"{message}; x-devenv-optional: true skips it", "image"
    for source, target in mounts(service):
        yield f"the mount {source}:{target} needs containers", "volumes"
    if service.entrypoint and PASSWORD not in " ".join(service.entrypoint):
        yield "entrypoint needs containers", "entrypoint"


def _elsewhere(service: Service) -> Iterator[str]:
    """What the app finds in the place of each mount other than the repository's."""
    roots = _mounted_root(service)
    for source, target in mounts_and_volumes(service):
        inside = [os.path.relpath(target, root) for root in roots if f"{target}/".startswith(f"{root}/")]
        if not inside:
            yield f"{target} is the machine's, without {source or 'a volume'}"
        elif inside[0] != "." and os.path.normpath(source) != inside[0]:
            yield f"{target} is {inside[0]} of the checkout, without {source or 'a volume'}"


def _mounted_root(service: Service) -> list[str]:
    return [target for source, target in mounts(service) if source in (".", "./")]
