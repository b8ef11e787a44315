"""Checkouts that replace the libraries of a service: `dev.edit NAME PATH`."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import git, process
from devenv.base.errors import CONFIG, CONFLICT, USAGE, DevError
from devenv.model import fingerprint
from devenv.model.lockfiles import NODE, PYTHON, is_plug_and_play, language_of, locked, plain, text_of

LISTED = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
# What uv and pip print before their reasons, if versions contradict each other or need another Python.
NO_SOLUTION = r"(?s)(No solution found|The conflict is caused by|ERROR: Package \S+ requires a different Python).*"
# The files of a checkout from which it is installed: if one changes, it is installed again.
MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg", "package.json")


class Declared(NamedTuple):
    """A library of `libraries:` in dev.yaml: what cannot be derived from the lock file."""

    repo: str = ""  # where git clones it from
    path: str = ""  # the folder of the package in the checkout
    install: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Library(NamedTuple):
    """A checkout that replaces a released package."""

    name: str
    checkout: Path
    folder: Path  # of the package: the checkout, or a folder in it
    language: str  # python or node; empty if dev.yaml says how it is installed
    install: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def sources(self) -> list[Path]:
        """The files that an installation depends on: the manifests, or for a command all but those that git ignores."""
        if not self.install:
            return [self.folder / name for name in MANIFESTS if (self.folder / name).is_file()]
        listed = process.capture(git.argv(*LISTED, at=self.folder))
        if listed.code:
            return [*fingerprint.walk(self.folder)]
        return [path for name in listed.stdout.split("\0") if name and (path := self.folder / name).is_file()]

    @property
    def key(self) -> str:
        """A fingerprint of everything that its installation depends on."""
        return fingerprint.of_text(repr(self), fingerprint.of_files(self.folder, self.sources))


def library(root: Path, name: str, checkout: Path, declared: Declared | None) -> Library:
    """A checkout as the library of a repository."""
    how = declared or Declared()
    language = "" if how.install else language_of(root, name) or _language(checkout / how.path)
    return Library(name, checkout, checkout / how.path if how.path else checkout, language, how.install, how.remove)


def _language(folder: Path) -> str:
    return NODE if (folder / "package.json").is_file() else PYTHON


def check(found: Library) -> None:
    """DevError 2 or 113 if the folder is not the package of this name. A name that is computed is not compared."""
    if found.install:
        return
    python, node = _project(found.folder), _json(found.folder / "package.json")
    data = python if found.language == PYTHON else node
    setup = found.language == PYTHON and any((found.folder / name).is_file() for name in ("setup.py", "setup.cfg"))
    hint = (
        f"the folder of the package, if it is not at the top: libraries: {{{found.name}: {{path: FOLDER}}}} in dev.yaml"
    )
    if data is None and not setup:
        kind = "pyproject.toml or setup.py" if found.language == PYTHON else "package.json"
        raise DevError(USAGE, f"{found.folder} has no {kind}", f"inv dev.edit {found.name} PATH", hint)
    name = str((data or {}).get("name", found.name))
    if plain(name) != plain(found.name):
        again = f"inv dev.edit {found.name} PATH"
        raise DevError(CONFLICT, f"{found.folder} is the library {name}, not {found.name}", again, hint)


def check_locked(service: str, root: Path, edited: Mapping[str, Library]) -> None:
    """DevError 113 if a checkout needs a package in another version than the lock file has.

    111 if there is no folder in which a link could take the place of the package.
    """
    for found in edited.values():
        if found.language == NODE and is_plug_and_play(root):
            message = f"{service}: {found.name} cannot be replaced, since Yarn Plug'n'Play has no node_modules"
            raise DevError(CONFIG, message, "in .yarnrc.yml: nodeLinker: node-modules")
        wrong = _conflicts(found, root, edited)
        if wrong:
            needed = shlex.quote(wrong[0].partition(",")[0])
            message = f"{service}: {found.name} in {found.folder} needs {'; '.join(wrong)}"
            hints = (f"in {service}: inv dev.add {needed}", f"or change {found.folder / 'pyproject.toml'}")
            raise DevError(CONFLICT, message, *hints)


def unresolved(service: str, edited: Iterable[Library], output: str) -> DevError | None:
    """DevError 113 if an installer printed that no versions go with the lock file, with its reasons; else None."""
    found = re.search(NO_SOLUTION, output)
    if not found:
        return None
    names = ", ".join(library.name for library in edited)
    message = f"{service}: what {names} needs does not go with the versions of the lock file\n{found[0].rstrip()}"
    return DevError(CONFLICT, message, f"in {service}: update the lock file, or change what {names} needs")


def _conflicts(found: Library, root: Path, edited: Mapping[str, Library]) -> list[str]:
    """What a checkout needs and the lock file has in another version: `idna>=4, and uv.lock has idna 3.10`.

    The version of an edited library in the lock file does not count. In Node, each package may have its own versions.
    """
    if found.language != PYTHON:
        return []
    from packaging.requirements import InvalidRequirement, Requirement  # here, since only few commands need it

    there = locked(root)[PYTHON]
    others = {plain(name) for name in edited}
    words = []
    for text in (_project(found.folder) or {}).get("dependencies") or []:
        try:
            wanted = Requirement(str(text))
        except InvalidRequirement:
            continue  # the installer reports it
        pin = there.get(plain(wanted.name))
        counts = pin and pin.version and plain(wanted.name) not in others
        if not counts or (wanted.marker and not wanted.marker.evaluate()):
            continue
        assert pin
        if not wanted.specifier.contains(pin.version, prereleases=True):
            words.append(f"{wanted.name}{wanted.specifier}, and {pin.file} has {pin.name} {pin.version}")
    return words


def dependencies(found: Library) -> list[str]:
    """The packages that a library for Node needs when it runs."""
    data = _json(found.folder / "package.json") or {}
    needs = data.get("dependencies")
    return [f"{name}@{version}" for name, version in needs.items()] if isinstance(needs, dict) else []


def peers(library: Library) -> list[str]:
    """The packages that a library for Node shares with the service, by name: there must be one copy of each."""
    needs = (_json(library.folder / "package.json") or {}).get("peerDependencies")
    return [*needs] if isinstance(needs, dict) else []


def _project(folder: Path) -> dict[str, Any] | None:
    """`[project]` of pyproject.toml; empty if this Python cannot read TOML (before 3.11), None if there is no file."""
    if not (folder / "pyproject.toml").is_file():
        return None
    try:
        tomllib: Any = importlib.import_module("tomllib")
    except ImportError:
        return {}
    try:
        found = tomllib.loads(text_of(folder / "pyproject.toml")).get("project", {})
    except ValueError:
        return {}  # the installer reports it
    return found if isinstance(found, dict) else {}


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(text_of(path)) if path.is_file() else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else None
