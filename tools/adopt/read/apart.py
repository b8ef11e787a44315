"""Python packages that a Dockerfile installs by name, next to the project's list: a driver, a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from tools.adopt.found import Dependencies, Found
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.packages.pip import REQUIREMENT
from tools.adopt.read.packages.project import Package, normal, wanted
from tools.adopt.read.programs.servers import ADDS

INSTALL = re.compile(r"\b(?:pip3?|uv pip)\s+install\s([^;&|\n]*)")
VALUED = re.compile(  # options with a value after a space
    r"(?:^|\s)(?:-r|--requirement|-c|--constraint|-i|--index-url|--extra-index-url|-f|--find-links|-t|--target"
    r"|--trusted-host|-e|--editable|--prefix|--root|--default-timeout|--timeout|--retries|--python)[= ]\s*\S+"
)
# Programs of the image that install others.
TOOLS = {"pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pip-tools", "virtualenv", "pdm", "hatch", "build"}


def packages(images: list[Image], known: Mapping[str, Package], made: Dependencies | None) -> dict[str, Package]:
    """By name, the packages that the first Dockerfile installs and that no list has; none without a list."""
    found: dict[str, Package] = {}
    lists = made is not None and made.manager.value in ADDS
    for step in images[0].steps if images and lists else ():
        for words in INSTALL.findall(step.value):
            for word in VALUED.sub(" ", f" {words}").split():
                match = REQUIREMENT.fullmatch(word.strip("\"'"))
                name = normal(match[1]) if match else ""
                if match and not re.search(r"\.(txt|whl|gz)$|\$", word) and name not in {*TOOLS, *known}:
                    found.setdefault(name, Package(name, match[3], step.where, wants=wanted(match[2])))
    return found


def installed(made: Dependencies | None, apart: Mapping[str, Package]) -> Dependencies | None:
    """The dependencies with these packages, which are installed next to a list."""
    specs = (
        f"{one.name}{'[' * bool(one.wants)}{','.join(one.wants)}{']' * bool(one.wants)}{one.spec}"
        for one in apart.values()
    )
    return replace(made, more=(*made.more, *specs)) if made else None


def notes(apart: Mapping[str, Package]) -> list[Found]:
    text = "no file lists {}, which the Dockerfile installs: it is installed, too"
    return [Found(text.format(one.name), one.where) for one in apart.values()]
