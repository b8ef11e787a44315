"""How a package is added to a repository: by its package manager, found by the lock file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# If the app's image has no Poetry, as those that template.retrofit writes, uv starts it.
POETRY = 'if command -v poetry >/dev/null; then exec poetry "$@"; else exec uv tool run poetry "$@"; fi'
# uv understands pip-compile's options.
COMPILE = 'if command -v pip-compile >/dev/null; then exec pip-compile "$@"; else exec uv pip compile "$@"; fi'
HEADER = r"(?m)^#\s+(?:(uv) pip compile|pip-compile) (.*)$"  # the command, as both tools write it


class Recipe(NamedTuple):
    """How packages are added: lines for a file, a command that runs where the app runs; either may be empty."""

    manager: str
    argv: tuple[str, ...] = ()
    file: str = ""  # from the root; each package becomes a line at its end


class Manager(NamedTuple):
    """A package manager. `argv` adds to the manifest and the lock file; `dev` is for what only tests need."""

    name: str
    language: str
    lock: str
    argv: tuple[str, ...]
    dev: tuple[str, ...]


MANAGERS = (
    Manager("uv", "python", "uv.lock", ("uv", "add", "--no-sync"), ("--dev",)),
    Manager("poetry", "python", "poetry.lock", ("sh", "-c", POETRY, "poetry", "add", "--lock"), ("--group", "dev")),
    Manager("npm", "node", "package-lock.json", ("npm", "install", "--package-lock-only"), ("--save-dev",)),
    Manager("pnpm", "node", "pnpm-lock.yaml", ("pnpm", "add", "--lockfile-only"), ("--save-dev",)),
    Manager("yarn", "node", "yarn.lock", ("yarn", "add"), ("--dev",)),
)


def recipes(root: Path, native: Mapping[str, str], packages: Sequence[str], dev: bool) -> list[Recipe]:
    """How packages can be added here. None: no manager is known. Several: one for each language.

    `native`: of dev.yaml: if it names one language, only that one counts. `dev`: only development needs the packages.
    """
    found: dict[str, Recipe] = {}
    for manager in MANAGERS:
        if (root / manager.lock).is_file():
            argv = (*manager.argv, *(manager.dev if dev else ()), *packages)
            found.setdefault(manager.language, Recipe(manager.name, argv))
    pip = None if "python" in found else _pip(root, dev)
    if pip:
        found["python"] = pip
    named = [language for language in ("python", "node") if language in native]
    if len(named) == 1:
        return [found[language] for language in named if language in found]
    if pip and (root / "package.json").is_file():  # the requirements may be those of a tool: the person decides
        found.setdefault("node", Recipe("npm"))
    return list(found.values())


def _pip(root: Path, dev: bool) -> Recipe | None:
    """requirements.txt, compiled from requirements.in if that exists; in the root or in requirements/."""
    names = ("requirements-dev", "requirements_dev", "dev-requirements") if dev else ("requirements",)
    folder = ("requirements/dev",) if dev else ("requirements/base", "requirements/main")
    for stem in (*names, *folder):
        source, target = f"{stem}.in", f"{stem}.txt"
        if (root / source).is_file():
            return Recipe("pip-tools", _compile(root / target, source, target), source)
        if (root / target).is_file():
            return Recipe("pip", (), target)
    return None


def _compile(path: Path, source: str, target: str) -> tuple[str, ...]:
    """The command that compiles requirements: the one in the file's header, else one with the same kind of result."""
    text = path.read_text() if path.is_file() else ""
    header = re.search(HEADER, text)
    words = shlex.split(header[2]) if header else [source, *(["--generate-hashes"] if "--hash=" in text else [])]
    if not any(word == "-o" or word.startswith(("-o=", "--output-file")) for word in words):
        words += ["-o", target]
    start = ("uv", "pip", "compile") if header and header[1] else ("sh", "-c", COMPILE, "pip-compile")
    return (*start, *words)
