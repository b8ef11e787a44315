"""Which of a service's containers is its database."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.databases import postgres
from devenv.databases.database import Database
from devenv.model.services import POSTGRES, Service

KNOWN = "postgres, mariadb, mysql"
# The images that are such a server.
MYSQL = ("mariadb", "mysql")


def find(services: Mapping[str, Service]) -> Database | None:
    """The first of the services that is a known kind of database."""
    for service in services.values():
        if service.program in POSTGRES:
            return postgres.declared(service)
        if service.program in MYSQL:
            from devenv.databases import mysql  # here, since most commands do not need it

            return mysql.declared(service)
    return None


def kind(program: str) -> str:
    """The kind of database in an image, in a word. Two of the same kind can read each other's dumps."""
    return "postgres" if program in POSTGRES else program
