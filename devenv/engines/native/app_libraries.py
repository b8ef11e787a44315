"""Checkouts of libraries in the app's environment: installed over the packages that the lock file gave."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from devenv.base import events, process
from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines.interface import Place
from devenv.engines.native import folders
from devenv.model import libraries, lockfiles
from devenv.model.libraries import Library

OWN = ".devenv"  # in a library's node_modules: its own copies of packages that it shares with a service
NPM = ("npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund")


def install(place: Place, env: Mapping[str, str], uv: str) -> None:
    """Install all edited libraries. DevError 112 if one fails.

    For Python: editable, with the packages that they need beyond the lock file, and none in another version than the
    lock file's. For Node: a link, as `npm link` makes it.
    """
    found = place.libraries.values()
    python = [library for library in found if library.language == lockfiles.PYTHON]
    if python:
        _install_editable(place, env, uv, python)
    for library in found:
        if library.language == lockfiles.NODE:
            _link(place, library)
        elif library.install and process.run(library.install, env, cwd=library.folder):
            raise _failed(place, library)


def prepare(place: Place, env: Mapping[str, str]) -> None:
    """Install what edited libraries for Node need, into their folders. DevError 112 if that fails."""
    for library in place.libraries.values():
        if library.language == lockfiles.NODE and libraries.dependencies(library):
            # Those of its development stay if they are there: its tests need them.
            omit = ["--omit=peer", *([] if (library.folder / "node_modules").is_dir() else ["--omit=dev"])]
            if process.run([*NPM, *omit], env, cwd=library.folder):
                raise _failed(place, library)


def undo(place: Place, library: Library, env: Mapping[str, str]) -> None:
    """Run the command by which dev.yaml removes a library. DevError 112 if it fails."""
    if library.remove and process.run(library.remove, env, cwd=library.folder):
        hint = f"libraries.{library.name}.remove of dev.yaml: see its output above"
        raise DevError(UNHEALTHY, f"{place.service}: {library.name} could not be removed", hint)


def unlink(place: Place) -> None:
    """Put released packages back where links to Node libraries are: not every installer notices that one is missing."""
    _unshare(place)
    for name in _links(place).read_text().splitlines() if _links(place).is_file() else []:
        path, released = _modules(place) / name, _released(place) / name
        if _is_ours(path):
            path.unlink()
        if os.path.lexists(released) and path.parent.is_dir() and not os.path.lexists(path):
            shutil.move(released, path)
    shutil.rmtree(_released(place), ignore_errors=True)
    _links(place).unlink(missing_ok=True)


def _install_editable(place: Place, env: Mapping[str, str], uv: str, found: list[Library]) -> None:
    edited = {lockfiles.plain(library.name) for library in found}
    listed = process.capture([uv, "pip", "freeze"], env).stdout.splitlines()
    pins = [line for line in listed if "==" in line and lockfiles.plain(line.partition("==")[0]) not in edited]
    constraints = folders.environments(place) / "locked.txt"
    constraints.write_text("".join(f"{pin}\n" for pin in pins))
    editable = [word for library in found for word in ("--editable", str(library.folder))]
    argv = [uv, "pip", "install", "--constraints", str(constraints), *editable]
    if process.run(argv, env):
        asked = process.capture([*argv, "--dry-run"], env)
        raise libraries.unresolved(place.service, found, asked.stderr) or _failed(place, found[0])


def _link(place: Place, library: Library) -> None:
    target, released = _modules(place) / library.name, _released(place) / library.name
    for folder in (target.parent, released.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with _links(place).open("a") as noted:  # first: an interrupted command leaves no link that is not known
        noted.write(f"{library.name}\n")
    if os.path.lexists(target):
        shutil.move(target, released)
    os.symlink(library.folder, target, target_is_directory=True)
    for peer in libraries.peers(library):
        if (_modules(place) / peer).exists():
            _share(place, library.folder / "node_modules", peer)


def _share(place: Place, modules: Path, peer: str) -> None:
    """Let a library find the service's copy of a package that both use, instead of one in the library's folder."""
    target, own = modules / peer, modules / OWN / peer
    for folder in (target.parent, own.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with _shared(place).open("a") as noted:
        noted.write(f"{modules}\t{peer}\n")
    if _is_ours(target):  # of another service that uses this checkout
        other = os.readlink(target)
        if other != str(_modules(place) / peer) and os.path.exists(other):
            events.warn(f"{modules.parent} uses {peer} of {place.service} from now on, and no longer {other}")
        target.unlink()
    elif os.path.lexists(target):
        shutil.rmtree(own, ignore_errors=True)
        shutil.move(target, own)
    os.symlink(_modules(place) / peer, target, target_is_directory=True)


def _unshare(place: Place) -> None:
    """Give libraries their own copies back."""
    for line in _shared(place).read_text().splitlines() if _shared(place).is_file() else []:
        modules, peer = line.split("\t")
        target, own = Path(modules, peer), Path(modules, OWN, peer)
        if _is_ours(target) and os.readlink(target) == str(_modules(place) / peer):
            target.unlink()
        if own.is_dir() and not os.path.lexists(target):
            shutil.move(own, target)
    _shared(place).unlink(missing_ok=True)


def _failed(place: Place, library: Library) -> DevError:
    message = f"{place.service}: {library.name} could not be installed from {library.folder}"
    return DevError(UNHEALTHY, message, "see its output above", f"to go back: inv dev.use {library.name}")


def _modules(place: Place) -> Path:
    return place.root / "node_modules"


def _is_ours(path: Path) -> bool:
    """Whether this is a link that we made. Those of package managers are relative."""
    return path.is_symlink() and os.path.isabs(os.readlink(path))


def _released(place: Place) -> Path:
    """The released packages that links took the place of."""
    return folders.locked(place) / "released"


def _shared(place: Place) -> Path:
    """The packages of the service that libraries share."""
    return folders.locked(place) / "shared"


def _links(place: Place) -> Path:
    return folders.locked(place) / "links"
