"""Scripts of package.json that an installation runs. In the image they would run without the source, and fail."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.adopt.found import Commands, Found, Open
from tools.adopt.read.packages.project import Project
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table

# https://docs.npmjs.com/cli/using-npm/scripts#life-cycle-operation-order
RUN = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
PATCHES = re.compile(r"\bpatch-package\b")
# What is for a checkout, what our own steps do, and what only checks or prints.
NOT_NEEDED = re.compile(
    r"\b(husky|simple-git-hooks|lefthook|pre-commit|git config|only-allow|prisma generate|patch-package)\b"
    r"|^\s*(echo|exit|true|test|\[|is-ci|fi\b|$)"
)
PARTS = re.compile(r"&&|\|\||;")
BUILDS = re.compile(r"\b(build|compile|tsc)\b")


def manifests(files: Files, names: Iterable[str]) -> tuple[str, ...]:
    """The manifests of an installation that have such scripts."""
    every = [name for name in names if name.rpartition("/")[2] == "package.json"]
    return tuple(name for name in every if {*table(json_of(files, name), "scripts")} & {*RUN})


def patches(files: Files, manifest: str) -> bool:
    """Whether such a script changes packages by the files in `patches/`."""
    scripts = table(json_of(files, manifest), "scripts")
    return any(PATCHES.search(str(scripts.get(name, ""))) for name in RUN)


def points(project: Project, ways: Commands, steps: bool) -> list[Open]:
    """An open point with each script that does more than to prepare a checkout or to build what our step builds.

    `steps`: the lines with which their Dockerfile builds are an open point already.
    """
    found, built = [], bool(ways.build) or steps
    for name in RUN if project.language.value == "node" else ():
        script = project.scripts.get(name)
        parts = PARTS.split(script.value) if script else []
        if script and not all(NOT_NEEDED.search(part) or (built and BUILDS.search(part)) for part in parts):
            what = Found(f"the script {name}, which the installation in the image does not run", script.where)
            found.append(Open(what, f"RUN npm run {name}", "image"))
    return found
