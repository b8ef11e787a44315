"""Which of a service's containers is its database."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.databases import mysql, postgres
from devenv.databases.database import Database
from devenv.model.services import Service

KNOWN = "postgres, mariadb, mysql"
KINDS = ((postgres.PROGRAMS, postgres.declared), (mysql.PROGRAMS, mysql.declared))


def find(services: Mapping[str, Service]) -> Database | None:
    """The first of the services that is a known kind of database."""
    for service in services.values():
        for programs, declared in KINDS:
            if service.program in programs:
                return declared(service)
    return None


def kind(program: str) -> str:
    """The kind of database in an image, in a word. Two of the same kind can read each other's dumps."""
    return "postgres" if program in postgres.PROGRAMS else program
