"""Dynaconf: a variable with its prefix replaces each setting, also a part of one: `SHOP_DATABASES__default__HOST`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tools.adopt.found import Found, Store
from tools.adopt.read.text.files import Files

CALL = re.compile(r"(?P<name>DjangoDynaconf|Dynaconf)\((?P<arguments>[^()]*)")
PREFIX = re.compile(r"""envvar_prefix(?:_for_dynaconf)?\s*=\s*["'](\w+)["']""", re.IGNORECASE)
USUAL = {"DjangoDynaconf": "DJANGO", "Dynaconf": "DYNACONF"}
ROLES = ("host", "port", "name", "user", "password")


def with_variables(files: Files, settings: Iterable[str], database: Store | None) -> Store | None:
    """The database of Django with these variables, if it has none. `settings`: the files that run."""
    if not database or database.kind.value == "sqlite" or database.variables:
        return database
    for match, where in files.search(CALL, settings):
        given = PREFIX.search(match["arguments"])
        prefix = given[1] if given else USUAL[match["name"]]
        return replace(
            database, variables={role: Found(f"{prefix}_DATABASES__default__{role.upper()}", where) for role in ROLES}
        )
    return database
