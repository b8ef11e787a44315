"""Example files of environment variables, found by their usual names."""

from __future__ import annotations

import re

from tools.adopt.found import Found
from tools.adopt.read.files import Files
from tools.adopt.read.formats import environment_of

EXAMPLES = (
    ".env",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.defaults",
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


def examples(files: Files) -> dict[str, Found]:
    """The assignments of all example files; for each name the first one with a value."""
    names = [name for name in files.named(*EXAMPLES, depth=1) if "/" not in name or FOLDERS.match(name)]
    names += [name for name in files.names if re.match(r"\.envs/\.?(local|dev\w*)/", name)]
    found: dict[str, Found] = {}
    for name in names:
        for key, value in environment_of(files, name).items():
            if not COMPOSE_ONLY.match(key) and not (key in found and found[key].value):
                found[key] = value
    return found
