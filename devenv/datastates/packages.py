"""Migrations of installed packages. No file of the repository shows them: the service's own code says which there are.

It is asked once for each content of the lock files; the record and each state remember the answer as "packages".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.datastates import store
from devenv.model import lineage


def here(env: Environment) -> dict[str, Any]:
    """Those of the checkout: "names", and "of", a fingerprint of the lock files. Empty where no command lists them."""
    if "package_migrations" not in env.config.commands:
        return {}
    of = lineage.key(lineage.others(store.files(env), env.config.migrations))
    told = [known.get("packages", {}) for known in (env.data, *(s.data for s in store.noted(env)))]
    return next((dict(each) for each in told if each.get("of") == of), None) or {
        "of": of,
        "names": service_commands.package_migrations(env),
    }


def lost(env: Environment, known: Mapping[str, Any]) -> list[str]:
    """Each that was applied to data of which the record says `known`, and that the checkout lacks, in words."""
    applied = known.get("packages", {}).get("names", [])
    names = here(env).get("names") if applied else None
    return [] if names is None else [f"{name} of a package is missing" for name in applied if name not in names]
