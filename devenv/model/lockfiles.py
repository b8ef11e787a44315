"""The packages that a repository's lock files name. Another package manager is another line of FORMATS.

Sources of the forms: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile,
https://packaging.python.org/specifications/pylock-toml/, https://github.com/pypa/pipfile,
https://docs.npmjs.com/cli/configuring-npm/package-lock-json, https://github.com/pnpm/spec/tree/master/lockfile,
https://classic.yarnpkg.com/docs/yarn-lock
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

PYTHON, NODE = "python", "node"
# A package of uv, Poetry and PDM, and of the standard; uv leaves out a version that is computed.
TOML = r'(?m)^\[\[packages?\]\]\nname = "([^"]+)"\n(?:version = "([^"]+)")?'
REQUIREMENT = r"(?m)^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?(?:\s*==\s*([^\s;\\]+))?"
# `greeting@^1.0.0:`, `"@acme/greeting@npm:^1.0.0, @acme/greeting@npm:~1.0":`, then the version within the entry.
YARN = r'(?m)^"?(@?[^@"\s,]+)@.*:\n(?:  .*\n)*?  version:? "?([^"\s]+)'
# pnpm: what the service itself depends on. All else is in a folder from which only the packages that need it import it.
PNPM = r"(?m)^importers:\n\s*^  \.:\n((?:    .*\n|\n)*)"
PNPM_OLDER = r"(?m)^(?:d|devD|optionalD)ependencies:\n((?:  .*\n|\n)*)"  # up to version 6 of its file
PNPM_NAME = r"^{indent}'?(@?[^\s':]+)'?:(?:\s+specifier: .*)?\s+(?:version: )?(\d[\w.+-]*)?"


class Locked(NamedTuple):
    """A package in a lock file. `version`: empty if the file does not pin one."""

    name: str
    version: str
    file: str


class Format(NamedTuple):
    """A kind of lock file. `read`: its text as names and versions."""

    pattern: str  # of the file, from the root
    language: str
    read: Callable[[str], Iterable[tuple[str, str]]]


def _requirements(text: str) -> Iterable[tuple[str, str]]:
    return re.findall(REQUIREMENT, text)


def _pipfile(text: str) -> Iterator[tuple[str, str]]:
    for group in ("default", "develop"):
        for name, package in _mapping(_json(text), group).items():
            yield name, _version(package).removeprefix("==")


def _npm(text: str) -> Iterator[tuple[str, str]]:
    """Those that the service itself can import: at the top of node_modules."""
    data = _json(text)
    for name, package in _mapping(data, "packages").items():
        folder, _, name = name.rpartition("node_modules/")
        if not folder and name:
            yield name, _version(package)
    if "packages" not in data:  # npm up to 6
        for name, package in _mapping(data, "dependencies").items():
            yield name, _version(package)


def _pnpm(text: str) -> Iterator[tuple[str, str]]:
    importer = re.search(PNPM, text)
    blocks = [importer[1]] if importer else re.findall(PNPM_OLDER, text)
    for block in blocks:
        yield from re.findall(PNPM_NAME.format(indent=" " * (6 if importer else 2)), block, re.M)


FORMATS = (
    Format("uv.lock", PYTHON, partial(re.findall, TOML)),
    Format("poetry.lock", PYTHON, partial(re.findall, TOML)),
    Format("pdm.lock", PYTHON, partial(re.findall, TOML)),
    Format("pylock*.toml", PYTHON, partial(re.findall, TOML)),
    Format("Pipfile.lock", PYTHON, _pipfile),
    Format("*requirements*.txt", PYTHON, _requirements),
    Format("requirements/*.txt", PYTHON, _requirements),
    Format("package-lock.json", NODE, _npm),
    Format("npm-shrinkwrap.json", NODE, _npm),
    Format("pnpm-lock.yaml", NODE, _pnpm),
    Format("yarn.lock", NODE, partial(re.findall, YARN)),
)


def plain(name: str) -> str:
    """A package's name as both languages compare it. For Python: PEP 503."""
    return name.lower() if name.startswith("@") else re.sub(r"[-_.]+", "-", name).lower()


def locked(root: Path) -> dict[str, dict[str, Locked]]:
    """The packages that the lock files of a repository name: by language, then by plain name.

    Requirements count only if no other file locks Python packages: they may be a copy.
    """
    found: dict[str, dict[str, Locked]] = {PYTHON: {}, NODE: {}}
    for pattern, language, read in FORMATS:
        if read is _requirements and any(not package.file.endswith(".txt") for package in found[PYTHON].values()):
            continue
        for path in sorted(root.glob(pattern)):
            file = path.relative_to(root).as_posix()
            for name, version in read(text_of(path)):
                known = found[language].get(plain(name))
                if not known or not known.version:
                    found[language][plain(name)] = Locked(name, version, file)
    return found


def language_of(root: Path, name: str) -> str:
    """The language in which a repository uses a library, by its lock files; empty if they do not name it."""
    found = locked(root)
    return next((language for language in found if plain(name) in found[language]), "")


def is_plug_and_play(root: Path) -> bool:
    """Whether Yarn installs without node_modules, which is its default since version 2."""
    linker = re.search(r"^nodeLinker:\s*[\"']?([\w-]+)", text_of(root / ".yarnrc.yml"), re.M)
    return "\n__metadata:\n" in text_of(root / "yarn.lock") and (not linker or linker[1] == "pnp")


def _version(package: object) -> str:
    return str(package.get("version") or "") if isinstance(package, dict) else ""


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text_of(path: Path) -> str:
    """The content of a file; empty if there is none."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
