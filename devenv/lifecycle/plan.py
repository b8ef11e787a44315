"""The plan of `dev.up`, decided from the current state: `dev.plan` prints it, and `dev.up` carries it out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from devenv.base.records import Record
from devenv.context import fingerprints
from devenv.context.environment import Environment
from devenv.datastates import branches, layers, live, store
from devenv.datastates.live import DEFAULT
from devenv.engines.interface import State
from devenv.lifecycle import status
from devenv.model import lineage
from devenv.model.config import Config
from devenv.model.services import Service


class Facts(NamedTuple):
    """The state of the machine and of the files; `..._files` are fingerprints."""

    states: Mapping[str, State]
    record: Record
    built: bool
    known: Mapping[str, Any]  # what is known of the live data that exists now, see datastates/live.py
    build_files: str
    compose_files: str
    state_files: str
    switch: str = ""  # why the live database is not this branch's, see datastates/branches.py
    stored: str = ""  # the key of the stored state that a new database can be filled from
    image: str = ""  # the released image to use instead of building the app
    looked: bool = True  # whether the database's server was looked at; else `known` is what the record says
    unseen: bool = False  # there is data, and the record does not say what it is
    started: tuple[str, ...] = ()  # services that this command has started
    libraries: Mapping[str, str] = {}  # edited libraries by name, each as its key
    admits: bool = False  # whether the app's account has yet to be made on the database's server


class Step(NamedTuple):
    """One thing to do: what (pull, build, start, migrate, seed), on which services, and why."""

    kind: str
    services: tuple[str, ...]
    why: str

    @property
    def title(self) -> str:
        """What it does, without the reason."""
        return " ".join([self.kind, *self.services])

    def __str__(self) -> str:
        return f"{self.title} ({self.why})"


class Images(NamedTuple):
    """What there is of the images, which does not depend on the data: it is looked at while the server is."""

    built: bool
    files: str  # a fingerprint of what they are made from


def images(env: Environment) -> Images:
    """Look at the images."""
    return Images(env.engine.is_built(), fingerprints.build(env))


def observe(env: Environment, states: Mapping[str, State], seen: Images | None = None) -> Facts:
    """Look at everything else that the plan depends on; changes nothing.

    `states`: what runs. If the database's server does, it was looked at already (live.glance).
    """
    seen = seen or images(env)
    files = store.files(env)
    known = live.known(env)
    looked = env.seen.survey is not None or not store.keeps(env)
    exists = looked or store.has_data(env)
    return Facts(
        states=states,
        # A record of another engine says nothing about this one.
        record=env.record if env.record.engine == env.engine.name else replace(env.record, up={}),
        built=seen.built,
        known=known,
        build_files=seen.files,
        compose_files=fingerprints.compose(env),
        state_files=lineage.key(files),
        switch=branches.due(env, known, files),
        stored="" if known or not store.keeps(env) else _stored(env),
        image=env.image,
        looked=looked,
        unseen=not looked and exists and not known,
        libraries=library_keys(env),
        admits=bool(env.database and env.database.account and not known),
    )


def library_keys(env: Environment) -> dict[str, str]:
    """Edited libraries by name, each as a fingerprint of what its installation depends on."""
    return {name: library.key for name, library in env.place.libraries.items()}


def _stored(env: Environment) -> str:
    """The key of the state that fills a new database; empty if it has to be built."""
    wanted = layers.of(env, live.early(env))[-1]
    return wanted.key if layers.find(env, wanted) else ""


def decide(facts: Facts, config: Config, services: Mapping[str, Service]) -> list[Step]:
    """The steps to a service that is healthy, migrated and seeded; none if it already is."""
    build = _build(facts, config, services)
    backing = tuple(name for name, service in services.items() if not service.build)
    if facts.unseen:
        # What the data needs is decided once its server can be asked.
        return [*build, Step("start", backing, "to look at its data, which is not on record")]
    late = DEFAULT in config.scenarios and any(scenario.up for scenario in config.chain(DEFAULT))
    seed = _seed(facts, config, late)
    data = [*_migrate(facts, config), *([] if late else seed)]
    needed = [name for name in backing if not _healthy(facts, name)]
    # Data that only devenv wrote is noted as used before the app starts.
    early = tuple(needed) if data or facts.known.get("fresh") or facts.admits else ()
    first = [Step("start", early, "the data steps need it")] if early else []
    last = _start(facts._replace(started=(*facts.started, *early)), services, bool(build))
    return [*build, *first, *data, *last, *(seed if late else [])]


def _build(facts: Facts, config: Config, services: Mapping[str, Service]) -> list[Step]:
    before = facts.record.up.get("build", "")
    why = "" if facts.built and before == facts.build_files else _edits(facts) or "packages or the Dockerfile changed"
    if not facts.built and before in ("", facts.build_files):
        why = "not built yet"
    app = services[config.app].build if facts.image and config.app in services else None
    pulled = tuple(name for name, service in services.items() if app and service.build == app)
    built = tuple(name for name, service in services.items() if service.build and name not in pulled)
    pull = [Step("pull", pulled, f"{facts.image} is this release")] if why and pulled else []
    return pull + ([Step("build", built, why)] if why and built else [])


def _edits(facts: Facts) -> str:
    """Which edited libraries are others than in the last build; empty if none is."""
    before, now = facts.record.up.get("libraries", {}), facts.libraries
    words = [
        f"{name} is edited" if name not in before else f"the checkout of {name}, or what it needs, changed"
        for name in now
    ]
    words = [text for text, (name, key) in zip(words, now.items()) if before.get(name) != key]
    return ", ".join([*words, *(f"{name} is the release again" for name in before if name not in now)])


def _migrate(facts: Facts, config: Config) -> list[Step]:
    if facts.switch:
        return [Step("switch", (), facts.switch)]
    if facts.stored:
        return [Step("restore", (), f"state {facts.stored} is stored")]
    if "migrate" not in config.commands or facts.known.get("migrated") == facts.state_files:
        return []
    why = "migrations, seeds or lock files changed" if "migrated" in facts.known else "the database is new"
    if facts.known.get("migrated") == "":
        why = "a file was loaded by hand"
    return [Step("migrate", (), why)]


def _seed(facts: Facts, config: Config, late: bool) -> list[Step]:
    there = DEFAULT in facts.known.get("seeded", {}) and not facts.switch
    stored = (facts.stored or facts.switch) and not late  # the seeds are included
    if DEFAULT not in config.scenarios or there or stored:
        return []
    return [Step("seed", (), "the default scenario is not in the database")]


def _start(facts: Facts, services: Mapping[str, Service], rebuilt: bool) -> list[Step]:
    """Start what is not healthy or out of date, and was not started by an earlier step of this command."""
    sick = [name for name in services if not _healthy(facts, name)]
    changed = _changed(facts)
    # After a change all are started, even healthy ones: Compose recreates those that the change affects.
    wanted = [name for name in services if name in sick or changed or (rebuilt and services[name].build)]
    wanted = [name for name in wanted if name not in facts.started]
    if not wanted:
        return []
    running = any(name in facts.states and facts.states[name].running for name in sick)
    why = "not healthy" if running else "not running" if sick else changed or "newly built"
    return [Step("start", tuple(wanted), why)]


def _changed(facts: Facts) -> str:
    """How the containers are out of date, apart from their images; empty if they are not."""
    if facts.record.up.get("compose") != facts.compose_files:
        return "compose.yaml or a setting changed"
    if facts.record.up.get("ids") != {name: state.id for name, state in facts.states.items()}:
        return "the containers are not those of the last dev.up"
    return ""


def _healthy(facts: Facts, name: str) -> bool:
    return name in facts.states and facts.states[name].healthy


def describe(env: Environment, steps: list[Step]) -> dict[str, Any]:
    """The plan for people and programs: memory in bytes, services with their limits. The keys are in CONTRACT.md."""
    services = [
        {"name": s.name, "runs": s.image or "built here", "memory": s.memory} for s in env.place.services.values()
    ]
    return {
        **head(env),
        "url": env.url,
        "port": env.port,
        "root_requires": sorted(env.config.source.data.get("requires", {})),
        "steps": [str(step) for step in steps],
        "services": services,
        "libraries": status.libraries(env),
        "memory": sum(s.memory or 0 for s in env.place.services.values()),
        "budget": env.config.memory,
        "machine_memory": machine_memory(),
    }


def head(env: Environment) -> dict[str, Any]:
    """What a plan is about."""
    about = {"service": env.config.service, "workspace": env.place.workspace}
    return {**about, "engine": env.engine.name, "engine_version": env.engine.version()}


def machine_memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
