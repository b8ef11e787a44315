"""The one small process that keeps a service's logs bounded, see keeper.sh. Everything works without it."""

from __future__ import annotations

import os
from pathlib import Path

from devenv.base import process
from devenv.engines.interface import Place
from devenv.engines.native import folders, processes, supervisor

SCRIPT = Path(__file__).with_name("keeper.sh")


def ensure(place: Place) -> None:
    """Start it where it does not run."""
    folder, mark = folders.of(place), _mark(place)
    folder.mkdir(parents=True, exist_ok=True)
    if not processes.marked(processes.look(), mark):
        env = {"PATH": os.environ.get("PATH", os.defpath), processes.MARK: str(mark)}
        process.spawn(["sh", str(SCRIPT), str(folder)], env, Path(os.devnull), folder)


def end(place: Place) -> None:
    """End it."""
    supervisor.end_marked(_mark(place))


def _mark(place: Place) -> Path:
    return folders.unit(place, "keeper")
