"""The values of environment variables in a repository: compose files, Dockerfiles, examples."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devenv.model.dockerfile import expand
from tools.adopt.found import Found
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.docker import Image, Stage
from tools.adopt.read.containers.examples import examples
from tools.adopt.read.text.files import Files

# Variables of an image, not of the service: paths and build settings.
BUILD = re.compile(
    r"^(PATH|HOME|LANG|LC_\w+|PYTHON\w*|PIP_\w+|UV_\w+|POETRY_\w+|VIRTUAL_ENV|DEBIAN_\w+|NODE_PATH|NPM_\w+|NODE_VERSION"
    r"|YARN_\w+|PNPM_\w+|\w+_VERSION|LD_\w+|SHELL|TERM)$"
)
PATH = "PYTHONPATH"
NAME = re.compile(r"[A-Za-z_]\w*")  # a name that code can read; keys of compose files may be anything


@dataclass(frozen=True)
class Values:
    """By name: the values that run (compose before Dockerfile), and those of examples for developers."""

    run: Mapping[str, Found] = field(default_factory=dict)
    image: Mapping[str, Found] = field(default_factory=dict)
    example: Mapping[str, Found] = field(default_factory=dict)
    production: Mapping[str, Found] = field(default_factory=dict)  # examples of it; only if there is nothing else
    notes: tuple[Found, ...] = ()

    @property
    def sources(self) -> tuple[Mapping[str, Found], ...]:
        return self.run, self.image, self.example, self.production

    def get(self, name: str) -> Found | None:
        return next((each[name] for each in self.sources if name in each), None)

    def items(self) -> Iterable[tuple[str, Found]]:
        return {**self.example, **self.image, **self.run}.items()

    @property
    def differing(self) -> list[Found]:
        """Notes about examples that differ from what runs."""
        both = [(name, found, self.example[name]) for name, found in self.run.items() if name in self.example]
        both = [(name, runs, example) for name, runs, example in both if example.value and "$" not in runs.value]
        return [
            Found(f"{name} has another value in {runs.where}, which is used", example.where)
            for name, runs, example in both
            if runs.value != example.value and runs.where != example.where
        ]


def _here(files: Files, stage: Stage, path: Found) -> str:
    """The folders of a PYTHONPATH that are in this repository, from its top; empty if it has none of them."""
    known = {key: found.value for key, found in stage.environment.items() if key != PATH}
    folders = [posixpath.normpath(part) for part in expand(path.value, known).split(":") if part and "$" not in part]
    names = [posixpath.relpath(folder, stage.folder) if folder.startswith("/") else folder for folder in folders]
    return ":".join(name for name in names if name == "." or any(each.startswith(f"{name}/") for each in files.names))


def values(files: Files, stack: Stack, images: list[Image]) -> Values:
    # The application's, then those that only its workers have.
    ours = [stack.app, *(one for one in stack.services if stack.works(one))]
    runs = {k: found for one in reversed(ours) if one for k, found in one.environment.items() if NAME.fullmatch(k)}
    example, production, notes = examples(files)
    built = {key: found for image in reversed(images[:1]) for key, found in image.runs.environment.items()}
    taken = {
        key: found
        for key, found in built.items()
        if NAME.fullmatch(key) and not BUILD.match(key) and "$" not in found.value
    }
    path = runs.pop(PATH, None) or built.get(PATH)
    here = _here(files, images[0].runs if images else Stage(), path) if path else ""
    return Values(
        run=runs,
        image={**taken, PATH: Found(here, path.where)} if path and here else taken,
        example=example,
        production=production,
        notes=tuple(notes),
    )
