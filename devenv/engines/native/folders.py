"""Where the native engine keeps things: data and records in the machine's state, environments in the checkout."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from devenv.base import records
from devenv.engines.interface import Place


def service(workspace: str, name: str) -> Path:
    """Everything of one service that outlives its checkout: data, logs, records of processes."""
    return records.path(workspace, name, "json").with_suffix("") / "native"


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
    return _cache() / "tools"


def clusters() -> Path:
    """New databases as initdb makes them, from which those of all services of this user are copied."""
    return _cache() / "clusters"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "devenv")


def discard(folder: Path) -> None:
    """Remove a folder with all that is in it, also while other services write into it (their names, hosts.py).

    It is moved away first: where there is no folder of that name, no new file appears in it.
    """
    gone = folder.with_name(f"{folder.name}.removed")
    shutil.rmtree(gone, ignore_errors=True)  # of a command that was killed meanwhile
    with contextlib.suppress(FileNotFoundError):
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
