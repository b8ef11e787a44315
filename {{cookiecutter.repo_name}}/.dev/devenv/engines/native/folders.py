# Owner: the template. Do not edit: updates replace this file.
"""Where the native engine keeps things: data and records in the machine's state, environments in the checkout."""

from __future__ import annotations

import os
from pathlib import Path

from devenv.base import state
from devenv.engines.protocol import Place


def service(workspace: str, name: str) -> Path:
    """Everything of one service that outlives its checkout: data, logs, records of processes."""
    return state.path(workspace, name, "json").with_suffix("") / "native"


def of(place: Place) -> Path:
    """The same for a place."""
    return service(place.workspace, place.service)


def unit(place: Place, name: str) -> Path:
    """What belongs to one service of compose.yaml."""
    return of(place) / name


def environments(place: Place) -> Path:
    """The app's environment: it belongs to the checkout, whichever workspace runs it."""
    return place.root / ".dev" / "local" / "native"


def tools() -> Path:
    """Programs that were fetched, shared by all services of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base, "devenv", "tools")
