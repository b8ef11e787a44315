"""What runs where, how to log in, and how much memory it uses: one value for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from devenv.context.environment import Environment
from devenv.engines.interface import OVERRIDE, PERSONAL, State
from devenv.engines.secrets import Report


class ServiceStatus(NamedTuple):
    """One container or process; memory in bytes, None while it is not running or if it cannot be measured."""

    name: str
    state: str
    healthy: bool
    memory: int | None


class Status(NamedTuple):
    """The service as it is now. `healthy` is true when all of its services are."""

    service: str
    workspace: str
    engine: str
    engine_version: str  # in words, with the differences to compose.yaml
    checkout: str
    url: str
    internal_url: str  # for other services of the workspace: it works with every client there
    data: str  # the generation of the data: it changes with each reset
    healthy: bool
    image: str  # the released image that the app runs; empty if it was built
    debugger: dict[str, str]  # where the app's debugger listens and how to attach; empty if it runs without one
    secrets: list[dict[str, Any]]  # which are set, and from where; never what they are
    services: list[ServiceStatus]
    logins: list[dict[str, str]]
    outputs: dict[str, Any]  # what the scenarios printed
    memory: int | None  # bytes, of all services; None if one of them cannot be measured
    budget: int | None  # bytes
    libraries: Mapping[str, str] = {}  # by name: the checkouts that replace released packages
    personal: Sequence[str] = ()  # the files with the person's own settings, from the root

    def as_dict(self) -> dict[str, Any]:
        """For --json; the keys are part of the contract."""
        return {**self._asdict(), "services": [service._asdict() for service in self.services]}


def status(env: Environment, states: Mapping[str, State]) -> Status:
    """Look at everything; changes nothing. `states`: what runs, from a look of just now."""
    memory = env.engine.memory(states)
    running = [name for name in env.place.services if name in states and states[name].running]
    services = [
        ServiceStatus(name, states[name].words, states[name].healthy, memory.get(name))
        if name in states
        else ServiceStatus(name, "not created", False, None)
        for name in env.place.services
    ]
    return Status(
        service=env.config.service,
        workspace=env.place.workspace,
        engine=env.engine.name,
        engine_version=env.engine.version(),
        checkout=env.record.checkout or str(env.place.root),
        url=env.url,
        internal_url=env.internal_url,
        data=str(env.data.get("generation", "")),
        healthy=all(service.healthy for service in services),
        image=env.image if env.record.up.get("image") == env.image else "",
        libraries=libraries(env),
        personal=personal(env),
        debugger=_debugger(env, states),
        secrets=[_secret(each) for each in env.place.secrets.report()],
        services=services,
        logins=[_login(env, login) for login in env.config.logins],
        outputs=env.data.get("seeded", {}),
        memory=sum(memory.values()) if all(name in memory for name in running) else None,
        budget=env.config.lean if env.lean else env.config.memory,
    )


def libraries(env: Environment) -> dict[str, str]:
    """The checkouts that replace released packages, by name."""
    return {name: str(library.checkout) for name, library in env.place.libraries.items()}


def personal(env: Environment) -> list[str]:
    """The files with the person's own settings that there are, from the root."""
    return [name for name in (PERSONAL, OVERRIDE) if (env.place.root / name).is_file()]


def _debugger(env: Environment, states: Mapping[str, State]) -> dict[str, str]:
    app, declared = states.get(env.config.app), env.config.debug
    if not (env.debug_port and app and app.running and declared):
        return {}
    return {"address": f"127.0.0.1:{env.debug_port}", "help": declared.help}


def _secret(found: Report) -> dict[str, Any]:
    return {"name": found.name, "for": list(found.uses), "required": found.required, "from": found.place}


def _login(env: Environment, login: Any) -> dict[str, str]:
    keys = {"name": login.name, "username": login.username, "password": login.password, "help": login.help}
    return {**keys, "url": env.url + login.path}
