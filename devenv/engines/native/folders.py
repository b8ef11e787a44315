"""The folders of the native engine: data and records in the machine's state, environments in the checkout."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from devenv.base import records, seals, toolcache
from devenv.engines.interface import Place

SECRETS, LENT = "secrets", "lent"  # next to the folder of a service


def service(workspace: str, name: str) -> Path:
    """The folder of a service for everything that outlives its checkout: data, logs, records of processes."""
    return records.path(workspace, name, "json").with_suffix("") / "native"


def of(place: Place) -> Path:
    """`service` for a place."""
    return service(place.workspace, place.service)


def unit(place: Place, name: str) -> Path:
    """The folder of one service of compose.yaml."""
    return of(place) / name


def locked(place: Place) -> Path:
    """The folder of the environment that the lock file gives: it is the checkout's, so all workspaces share it."""
    return place.root / ".dev" / "local" / "native"


def secrets(place: Place) -> Path:
    """The folder of the files with secrets that the running app reads."""
    return of(place).with_name(SECRETS)


def lent(place: Place) -> Path:
    """The folder of the files with secrets that an install step reads. It exists while the step runs."""
    return of(place).with_name(LENT)


def discard_secrets(folder: Path) -> None:
    """Remove the files with secrets of a service: nothing that reads them runs any more. `folder`: from `service`."""
    for name in (SECRETS, LENT):  # the second: of a killed step
        shutil.rmtree(folder.with_name(name), ignore_errors=True)


def edited(place: Place) -> Path:
    """The folder of the environment with edited libraries, of this workspace alone."""
    return locked(place) / "edited" / place.workspace


def environments(place: Place) -> Path:
    """The folder of the app's environment: with edited libraries it is another one, so the first stays as locked."""
    if not place.libraries:
        return locked(place)
    return place.environment or edited(place) / str(_number(place))


def next_environment(place: Place) -> Path:
    """The folder for a new environment with edited libraries, next to the one that the app runs in."""
    return edited(place) / str(_number(place) + 1)


def choose(place: Place, environment: Path) -> None:
    """Let a complete environment be the one with edited libraries. The app may still run in an older one."""
    records.replace_file(_current(place), environment.name)


def remove_older(place: Place) -> None:
    """Remove all environments with edited libraries but the one that is chosen."""
    kept = (environments(place), _current(place)) if place.libraries else ()
    for path in edited(place).glob("*"):
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)
    if not kept:
        shutil.rmtree(edited(place), ignore_errors=True)


def _current(place: Place) -> Path:
    return edited(place) / "current"


def _number(place: Place) -> int:
    """Which of the environments with edited libraries is in use; 0: none yet."""
    try:
        return int(_current(place).read_text())
    except (OSError, ValueError):
        return 0


def tools() -> Path:
    """The folder of downloaded programs, shared by all services of this user."""
    return toolcache.home() / "tools"


def clusters() -> Path:
    """The folder of new databases as initdb makes them. All services of this user copy theirs from here."""
    return toolcache.home() / "clusters"


def sealed() -> list[tuple[Path, Path]]:
    """Each folder of the caches that has a list of its files, and that list; see base/seals.py."""
    inside = [*tools().glob(f"*/{seals.NAME}"), *toolcache.home().glob(f"environments/*/{seals.NAME}")]
    beside = [(clusters() / seal.name.removesuffix(seals.NAME), seal) for seal in clusters().glob(f"*{seals.NAME}")]
    return sorted([*((seal.parent, seal) for seal in inside), *beside])


def discard(folder: Path) -> None:
    """Remove a folder with its content, even while other services write into it (their names, addresses.py).

    It is moved away first, so that no new file can appear in it.
    """
    gone = folder.with_name(f"{folder.name}.removed")
    shutil.rmtree(gone, ignore_errors=True)  # left by a killed command
    with contextlib.suppress(FileNotFoundError):
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
