"""Example files of environment variables, found by their usual names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tools.adopt.found import Found
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import environment_of

EXAMPLES = (
    ".env",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.defaults",
    ".env-dist",
    ".env-example",
    ".env_example",
    ".env-sample",
    "env.example",
    "env.sample",
    "env.template",
    "example.env",
    "sample.env",
    "template.env",
    ".env.dev",
    ".env.development",
    ".env.local",
    ".env.local.example",
    ".env.docker",
)
COMPOSE_ONLY = re.compile(r"^(COMPOSE_|DOCKER_)")
FOLDERS = re.compile(r"^\.envs/\.?(local|dev\w*)/|^(docker|deploy|config)/")


def substitutes(files: Files) -> dict[str, str]:
    """The values of `${NAME}` in compose files: the assignments of .env and its examples."""
    every = [environment_of(files, name) for name in reversed(files.named(*EXAMPLES, depth=0))]
    return {key: found.value for one in every for key, found in one.items()}


def examples(files: Files) -> tuple[dict[str, Found], dict[str, Found], list[Found]]:
    """The assignments of all example files, for each name the first one with a value; those of production apart.

    Also notes about the examples of production.
    """
    names = [name for name in files.named(*EXAMPLES, depth=1) if "/" not in name or FOLDERS.match(name)]
    names += [name for name in files.names if re.match(r"\.envs/\.?(local|dev\w*)/", name)]
    found: dict[str, Found] = {}
    production: dict[str, Found] = {}
    notes = []
    for name in names:
        given = environment_of(files, name)
        sign = _sign(name, given)
        if sign:
            text = f"{sign.value}: an example of production, from which only variables without a default are taken"
            notes.append(Found(text, sign.where))
        into = production if sign else found
        for key, value in given.items():
            if not COMPOSE_ONLY.match(key) and not (key in into and into[key].value):
                into[key] = value
    return found, production, notes


def _sign(name: str, given: Mapping[str, Found]) -> Found | None:
    """What says that an example is production's: its name, or a setting with which development does not work."""
    if re.search(r"(^|[._/-])prod(uction)?([._/-]|$)", name):
        return Found("its name has `prod`", name)
    for key, found in given.items():
        off = re.search(r"(^|_)DEBUG$", key) and found.value.lower() in ("false", "0", "no", "off")
        if off or (re.search(r"(^|_)ENV(IRONMENT)?$", key) and found.value.lower() in ("prod", "production")):
            return Found(f"{key} is {found.value}", found.where)
    return None
