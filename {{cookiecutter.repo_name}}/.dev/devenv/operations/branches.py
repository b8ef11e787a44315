# Owner: the template. Do not edit: updates replace this file.
"""Which data belongs to what is checked out: whether the live database has to step aside, and which one comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.model import lineage
from devenv.model.lineage import Files
from devenv.operations import states
from devenv.operations.environment import Environment
from devenv.operations.states import ASIDE, State


def due(env: Environment, known: Mapping[str, Any], files: Files) -> str:
    """Why the live database, of which the record says `known`, is not this branch's; empty where it is.

    New migrations are no reason: they are applied to it, rows and all, unless this branch has a database of its own.
    """
    applied = known.get("files", {})
    if not env.database or not applied or lineage.key(applied) == lineage.key(files):
        return ""
    lost = lineage.lost(applied, files, env.config.migrations)
    if lost:
        return lost[0]
    return f"{states.branch(env)} has data of its own" if _own(env, files) else ""


def back(env: Environment, files: Files) -> State | None:
    """What stepped aside and comes back: this branch's own, else the newest that lacks none of its migrations here."""
    fitting = _fitting(env, files)
    return next(iter([*reversed(_own(env, files)), *reversed(fitting)]), None)


def _own(env: Environment, files: Files) -> list[State]:
    branch = states.branch(env)
    return [s for s in _fitting(env, files) if branch and s.branch == branch]


def _fitting(env: Environment, files: Files) -> list[State]:
    aside = [s for s in states.every(env) if s.kind == ASIDE]
    return [s for s in aside if not lineage.lost(s.files, files, env.config.migrations)]
