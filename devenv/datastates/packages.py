"""Migrations of installed packages, which no file of the repository lists: the service's own command does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.context.service_commands import PACKAGE_MIGRATIONS
from devenv.datastates import store
from devenv.model import lineage


def of(env: Environment) -> dict[str, Any]:
    """The migrations of installed packages: "names", and "of", a fingerprint of the lock files.

    Empty if the service declares no such command. It runs once for
    each content of the lock files: the record and each state keep the answer as "packages".
    """
    if PACKAGE_MIGRATIONS not in env.config.commands:
        return {}
    key, begun = _key(env), env.seen.listing
    found = _known(env, key)
    if found:
        return found
    env.seen.listing = None
    names = begun() if begun else None
    return {"of": key, "names": service_commands.package_migrations(env) if names is None else names}


def begin(env: Environment) -> None:
    """Begin to list them next to a migration, if `of` will have to. If the command fails then, `of` runs it again."""
    if PACKAGE_MIGRATIONS in env.config.commands and not env.seen.listing and not _known(env, _key(env)):
        env.seen.listing = service_commands.begin_package_migrations(env)


def _key(env: Environment) -> str:
    return lineage.key(lineage.others(store.files(env), env.config.migrations))


def _known(env: Environment, key: str) -> dict[str, Any] | None:
    stored = store.every(env) if store.keeps(env) else []
    told = [known.get("packages", {}) for known in (env.data, *(s.data for s in stored))]
    return next((dict(each) for each in told if each.get("of") == key), None)


def lost(env: Environment, known: Mapping[str, Any]) -> list[str]:
    """The packages' migrations that were applied to the data in `known` and are not in the checkout, in words."""
    applied = known.get("packages", {}).get("names", [])
    names = of(env).get("names") if applied else None
    return [] if names is None else [f"{name} of a package is missing" for name in applied if name not in names]
