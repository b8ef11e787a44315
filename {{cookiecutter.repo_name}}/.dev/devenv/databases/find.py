# Owner: the template. Do not edit: updates replace this file.
"""Which of a service's containers is its database."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.databases import mysql, postgres
from devenv.databases.base import Database
from devenv.model.services import Service

KNOWN = "postgres, mariadb, mysql"


def find(services: Mapping[str, Service]) -> Database | None:
    """The first of the services that is a database of a kind that we know."""
    for service in services.values():
        for kind in (postgres, mysql):
            if service.program in kind.PROGRAMS:
                return kind.declared(service)
    return None
