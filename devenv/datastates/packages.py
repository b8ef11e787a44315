"""Migrations of installed packages, which no file of the repository lists: the service's own command does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    return _known(env) or {"of": _key(env), "names": service_commands.package_migrations(env)}


@contextmanager
def meanwhile(env: Environment) -> Iterator[None]:
    """During the block, which waits for a database, list them if that is to be done: it needs none.

    If the command fails, `of` runs it again, and reports it.
    """
    if PACKAGE_MIGRATIONS not in env.config.commands or _known(env):
        yield
        return
    key, begun = _key(env), service_commands.begin_package_migrations(env)
    yield
    names = begun()
    env.seen.packages = None if names is None else {"of": key, "names": names}


def _key(env: Environment) -> str:
    return lineage.key(lineage.others(store.files(env), env.config.migrations))


def _known(env: Environment) -> dict[str, Any] | None:
    key, stored = _key(env), store.every(env) if store.keeps(env) else []
    told = [env.seen.packages or {}, *(known.get("packages", {}) for known in (env.data, *(s.data for s in stored)))]
    return next((dict(each) for each in told if each.get("of") == key), None)


def lost(env: Environment, known: Mapping[str, Any]) -> list[str]:
    """The packages' migrations that were applied to the data in `known` and are not in the checkout, in words."""
    applied = known.get("packages", {}).get("names", [])
    names = of(env).get("names") if applied else None
    return [] if names is None else [f"{name} of a package is missing" for name in applied if name not in names]
