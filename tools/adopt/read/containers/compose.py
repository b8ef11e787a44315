"""Existing compose files: which service is the application, its settings, and the other services."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from tools.adopt.names import COMPOSE
from tools.adopt.read.containers import services
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.containers.examples import substitutes
from tools.adopt.read.containers.services import Service
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import table, yaml_of

NAMES = (*COMPOSE, "docker-compose.*.y*ml", "compose.*.y*ml", "docker-compose-*.y*ml", "local.yml", "production.yml")
OURS = re.compile(r"devenv|\.lean\.|example|sample|^(tests?|docs?|e2e|\.github)/")
USUAL = ("app", "web", "api", "backend", "server", "django", "flask", "node", "service", "site")
WORKS = re.compile(r"worker|celery|queue|beat|scheduler|cron|consumer?|\brq\b|dramatiq|huey|qcluster")
ASIDE = re.compile(r"migrat|init|flower|nginx|proxy|front|client|test|docs")  # they serve no requests of ours
BESIDE = re.compile(f"{WORKS.pattern}|{ASIDE.pattern}")


@dataclass(frozen=True)
class Stack:
    """The services of all compose files, each once, and the application among them."""

    names: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    app: Service | None = None

    def stores(self, kind: str) -> list[Service]:
        """The services of that kind that start with the application; those that it waits for come first."""
        needs, profiles = (self.app.needs, {*self.app.profiles}) if self.app else ((), set[str]())
        starts = [one for one in self.services if not one.profiles or one.name in needs or profiles & {*one.profiles}]
        found = [one for one in starts if one.kind == kind]
        return sorted(found, key=lambda service: service.name not in needs)

    def works(self, service: Service) -> bool:
        """Whether a service is another process of this repository's code: a worker, a scheduler, a consumer."""
        same = service.own or (self.app is not None and self.app.image is not None and service.image is not None)
        ours = same and (service.own or service.image.value == self.app.image.value)  # type: ignore[union-attr]
        line = service.command.value if service.command else ""
        named = WORKS.search(service.name) or WORKS.search(line)
        return service is not self.app and bool(named and (ours or service.own)) and not ASIDE.search(service.name)


def stack(files: Files, service: str) -> Stack:
    """`service`: the name of the repository's service, which may be the name in the compose file too."""
    names = [name for name in files.named(*NAMES, depth=1) if not OURS.search(name)]
    known = substitutes(files)
    merged: dict[str, Service] = {}
    for name in names:
        for key, content in _services(yaml_of(files, name)).items():
            read = services.service(files, name, key, table(content), known)
            merged[key] = _joined(merged[key], read) if key in merged else read
    return Stack(tuple(names), tuple(merged.values()), application(list(merged.values()), service))


def _services(content: dict[str, Any]) -> dict[str, Any]:
    """The services by name. The first format of compose files has them at the top, and no version."""
    first = not {"services", "version", "name"} & {*content}
    plain = {key: one for key, one in content.items() if {"image", "build"} & {*table(one)}}
    return plain if first else table(content, "services")


def _joined(first: Service, later: Service) -> Service:
    """A service in two files: the second adds to the first and does not replace its values."""
    return Service(
        name=first.name,
        where=first.where,
        image=first.image or later.image,
        own=first.own or later.own,
        command=first.command or later.command,
        environment={**later.environment, **first.environment},
        port=first.port or later.port,
        check=first.check or later.check,
        needs=(*first.needs, *later.needs),
        dockerfile=first.dockerfile or later.dockerfile,
        target=first.target or later.target,
        hosts=(*first.hosts, *later.hosts),
        initdb=first.initdb or later.initdb,
        profiles=first.profiles or later.profiles,
    )


def application(services: list[Service], name: str) -> Service | None:
    """The service that is built here, except databases and workers; else one with a typical name. None: unknown."""
    built = [one for one in services if not one.kind and one.own]  # another service named `web` is often a proxy
    able = built or [one for one in services if not one.kind and one.name in (name, *USUAL)]
    usual = [one for wanted in (name, *USUAL) for one in able if one.name == wanted]
    rest = [one for one in able if not BESIDE.search(one.name)]
    return next(iter([*usual, *[one for one in rest if one.port], *rest]), None)


def aimed(images: list[Image], stack: Stack) -> list[Image]:
    """The images, with the stage that the application's service builds, unless it is one for development."""
    app = stack.app
    target = app.target if app and not services.FOR_DEVELOPMENT.match(app.target) else ""
    return [replace(one, target=target) if app and one.file == app.dockerfile else one for one in images]
