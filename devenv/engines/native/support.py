"""Which settings of compose.yaml the native engine honours, which it ignores, and which are errors."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devenv.base.errors import DevError, did_you_mean, guess
from devenv.engines.native.servers import BY_PROGRAM
from devenv.engines.native.servers.redis import PASSWORD
from devenv.model import dockerfile
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
# Other settings of a service that Compose knows. What is not known here either is a mistake, which Compose refuses.
CONTAINERS = {
    *("attach", "blkio_config", "cgroup", "cgroup_parent", "configs", "cpu_count", "cpu_percent", "cpu_period"),
    *("cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpuset", "credential_spec", "device_cgroup_rules", "devices"),
    *("dns_opt", "dns_search", "domainname", "external_links", "gpus", "ipc", "isolation", "label_file", "links"),
    *("mac_address", "mem_swappiness", "models", "network_mode", "oom_kill_disable", "oom_score_adj", "pid"),
    *("post_start", "pre_stop", "privileged", "provider", "runtime", "scale", "secrets", "storage_opt", "sysctls"),
    *("use_api_socket", "userns_mode", "uts", "volumes_from"),
}
TOP = ("name", "version", "services", "volumes", "networks", "secrets", "configs", "models", "include")
CHECK = ("test", "interval", "timeout", "retries", "start_period", "start_interval", "disable")


def supported(services: Mapping[str, Service]) -> dict[str, Service]:
    """The services that are not both optional in compose.yaml and impossible here."""
    return {name: s for name, s in services.items() if not (s.optional and _wrong(s))}


def runnable(services: Mapping[str, Service]) -> list[str]:
    """The names of the services that can run here."""
    return [name for name, service in services.items() if not _wrong(service)]


def check(services: Mapping[str, Service]) -> None:
    """DevError 111 with file and line for the first setting that cannot be honoured."""
    for service in services.values():
        source = service.raw.source
        for key in _unknown(source.data, TOP):
            raise source.error((key,), f"unknown key {key}", did_you_mean(key, list(TOP)))
        problem = _wrong(service)
        if problem:
            raise problem


def ignored(service: Service) -> list[str]:
    """The settings of a service that are left out, and what is true instead."""
    found = [f"{key}: {HARMLESS[key]}" for key in service.raw.data if key in HARMLESS]
    found += [f"volumes: {text}" for text in _elsewhere(service)] if service.build else []
    found += [f"{what}: the Dockerfile's is not used" for what in _of_image(service)]
    if not service.build and service.healthcheck:
        found.append("healthcheck: the server is asked directly")
    return found


def _of_image(service: Service) -> list[str]:
    """What the app's image would add to compose.yaml."""
    own = {"ENTRYPOINT": service.entrypoint is not None, "HEALTHCHECK": "healthcheck" in service.raw.data}
    own.update({f"ENV {name}": True for name in service.environment})
    return [what for what in (dockerfile.left_out(service.build) if service.build else []) if not own.get(what)]


def _wrong(service: Service) -> DevError | None:
    return next((service.raw.error(f"{service.name}: {text}", *keys) for text, *keys in _problems(service)), None)


def _problems(service: Service) -> Iterator[tuple[Any, ...]]:
    for key in service.raw.data:
        if key in CONTAINERS:
            yield f"{key} needs containers (optional services: x-devenv-optional: true)", key
    for key in _unknown(service.raw.data, (*HONOURED, *HARMLESS, *CONTAINERS)):
        yield f"unknown key {key}{_question(key, [*HONOURED, *HARMLESS])}", key
    for key in _unknown(service.raw.data.get("healthcheck", {}), CHECK):
        yield f"healthcheck: unknown key {key}{_question(key, [*CHECK])}", "healthcheck", key
    yield from _app(service) if service.build else _server(service)


def _unknown(data: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """The keys that are neither known nor extensions."""
    return [key for key in data if key not in known and not key.startswith("x-")]


def _question(key: str, known: list[str]) -> str:
    found = guess(key, known).strip()
    return f": {found}" if found else ""


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
