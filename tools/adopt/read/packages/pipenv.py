"""Pipenv: the packages and the Python of a Pipfile, which is installed from its Pipfile.lock."""

from __future__ import annotations

import re

from tools.adopt.found import Dependencies, Found
from tools.adopt.read.packages.metadata import Metadata
from tools.adopt.read.packages.project import Package, normal, wanted
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table, toml_of

FILE, LOCK = "Pipfile", "Pipfile.lock"
GROUPS = {"packages": "", "dev-packages": "dev"}


def metadata(files: Files) -> list[Metadata]:
    """The facts of the Pipfile; none without one."""
    content = toml_of(files, FILE) if files.has(FILE) else {}
    needs = table(content, "requires")
    python = next((str(needs[key]) for key in ("python_version", "python_full_version") if key in needs), "")
    packages = [
        _package(files, name, spec, group)
        for section, group in GROUPS.items()
        for name, spec in table(content, section).items()
    ]
    found = Found(python, files.where(FILE, r"^python_\w*version")) if python else None
    return [Metadata(file=FILE, python=found, packages=packages)] if packages or found else []


def _package(files: Files, name: str, given: object, group: str) -> Package:
    """`flask = "==3.0"`, or a table with `version` and `extras`."""
    more = given if isinstance(given, dict) else {}
    spec = str(more.get("version", "") if isinstance(given, dict) else given)
    extras = more.get("extras")
    wants = wanted(",".join(map(str, extras))) if isinstance(extras, list) else ()
    where = files.where(FILE, rf"^[\"']?{re.escape(name)}[\"']?\s*=")
    return Package(normal(name), "" if spec == "*" else spec, where, group, wants=wants)


def dependencies(files: Files) -> Dependencies | None:
    """The lock; None without one."""
    if not (files.has(FILE) and files.has(LOCK)):
        return None
    return Dependencies(Found("pipenv", LOCK), (FILE, LOCK), locked=True)


def locked(files: Files) -> dict[str, str]:
    """The locked versions by package: `==3.0.2`."""
    lock = json_of(files, LOCK) if files.has(LOCK) else {}
    every = {**table(lock, "develop"), **table(lock, "default")}
    versions = {normal(name): table(entry).get("version") for name, entry in every.items()}
    return {name: version for name, version in versions.items() if isinstance(version, str)}
