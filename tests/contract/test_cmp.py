"""CMP: the compose file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance import composefile
from conformance.repository import Repository

Services = dict[str, dict[str, Any]]
LOOPBACK = ("127.0.0.1", "[::1]", "::1")


@pytest.mark.contract("CMP-1")
def test_ports_are_bound_to_loopback(services: Services) -> None:
    """Write the address before the ports: `"127.0.0.1:HOST:CONTAINER"`."""
    wrong = [f"{name}: {port}" for name, service in services.items() for port in ports(service) if is_open(port)]
    assert not wrong, "\n".join(wrong)


def ports(service: dict[str, Any]) -> list[Any]:
    return list(service.get("ports") or [])


def is_open(port: Any) -> bool:
    """Whether others on the network can reach it."""
    if isinstance(port, dict):
        return composefile.with_defaults(str(port.get("host_ip", ""))) not in LOOPBACK
    text = composefile.with_defaults(str(port))
    return not text.startswith(tuple(f"{address}:" for address in LOOPBACK))


@pytest.mark.contract("CMP-2")
def test_every_service_has_a_healthcheck(services: Services) -> None:
    """Give the service a `healthcheck:` that connects to it over the network. With `start_interval: 200ms`, dev.up
    notices at once that it is healthy.
    """
    ends = {name for name, service in services.items() for name in waited_for(service)}
    wrong = [name for name, service in services.items() if name not in ends and not is_checked(service)]
    assert not wrong, "no healthcheck: " + ", ".join(wrong)


def waited_for(service: dict[str, Any]) -> Iterator[str]:
    """The services whose end this one waits for."""
    needs = service.get("depends_on")
    for name, how in needs.items() if isinstance(needs, dict) else ():
        if isinstance(how, dict) and how.get("condition") == "service_completed_successfully":
            yield name


def is_checked(service: dict[str, Any]) -> bool:
    check = service.get("healthcheck")
    return isinstance(check, dict) and bool(check.get("test")) and not check.get("disable")


@pytest.mark.contract("CMP-3")
def test_no_container_name(services: Services) -> None:
    """Remove `container_name`. Compose makes a name from project and service."""
    wrong = [name for name, service in services.items() if "container_name" in service]
    assert not wrong, "container_name: " + ", ".join(wrong)


@pytest.mark.contract("CMP-4")
def test_every_service_has_a_memory_limit(services: Services) -> None:
    """Add `mem_limit: 256m`, or what the service needs."""
    wrong = [name for name, service in services.items() if not memory_limit(service)]
    assert not wrong, "no memory limit: " + ", ".join(wrong)


def memory_limit(service: dict[str, Any]) -> Any:
    deploy = service.get("deploy") or {}
    return service.get("mem_limit") or ((deploy.get("resources") or {}).get("limits") or {}).get("memory")


@pytest.mark.contract("CMP-5")
def test_databases_are_private(repository: Repository, services: Services) -> None:
    """Remove the port and the shared network from the database. The app reaches it by its name, people reach it with
    dev.dbshell.
    """
    networks = composefile.read(repository.compose_path).get("networks") or {}
    outside = {name for name, network in networks.items() if isinstance(network, dict) and network.get("external")}
    databases = {n: s for n, s in services.items() if composefile.kind(str(s.get("image", "")))}
    wrong = [f"{name} publishes {port}" for name, service in databases.items() for port in ports(service)]
    shared = {name: outside.intersection(service.get("networks") or ()) for name, service in databases.items()}
    wrong += [f"{name} is in network {network}" for name, networks in shared.items() for network in sorted(networks)]
    wrong += [f"{name} is in the host's network" for name, s in databases.items() if s.get("network_mode") == "host"]
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("CMP-6")
def test_every_variable_has_a_default(repository: Repository, services: Services) -> None:
    """Write `${NAME:-value}`, with the value that suits containers."""
    everything = [*composefile.texts(composefile.read(repository.compose_path)), *composefile.texts(services)]
    wrong = sorted({name for text in everything for name in composefile.without_default(text)})
    assert not wrong, "no default: " + ", ".join(wrong)
