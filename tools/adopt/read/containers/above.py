"""The compose file of the repository around a service's folder: `build: ./backend` says which service is ours."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tools.adopt.found import Found
from tools.adopt.read.containers.compose import Stack, application, stack
from tools.adopt.read.containers.examples import examples
from tools.adopt.read.containers.services import Service
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text.files import Files


@dataclass(frozen=True)
class Above:
    """`files`: those of the whole repository, by their names from its top. `folder`: the service's in it."""

    files: Files
    folder: str

    def stack(self, service: str) -> Stack:
        """The application and its workers, and the servers; empty if no service is built in the folder."""
        every = stack(self.files, service).services
        ours = [one for one in every if one.own and f"{one.dockerfile}/".startswith(f"{self.folder}/")]
        here = {one.name: self._here(one) for one in every if one in ours or not one.own}
        app = application([here[one.name] for one in ours], service)
        return Stack((), tuple(here.values()), app) if ours else Stack()

    def values(self, given: Values) -> Values:
        """The values, and those of the examples at the top, which are for all services of the repository."""
        example, production, notes = examples(self.files)
        return replace(
            given,
            example={**self._all(example), **given.example},
            production={**self._all(production), **given.production},
            notes=(*given.notes, *map(self._placed, notes)),
        )

    def _here(self, one: Service) -> Service:
        """A service as seen from the folder."""
        found = {key: self._placed(value) for key, value in vars(one).items() if isinstance(value, Found)}
        environment = self._all(one.environment)
        dockerfile = one.dockerfile.removeprefix(f"{self.folder}/")
        return replace(one, **found, where=self._up(one.where), environment=environment, dockerfile=dockerfile)  # type: ignore[arg-type]

    def _all(self, found: Mapping[str, Found]) -> dict[str, Found]:
        return {key: self._placed(one) for key, one in found.items()}

    def _placed(self, found: Found) -> Found:
        return replace(found, where=self._up(found.where))

    def _up(self, where: str) -> str:
        name, colon, line = where.partition(":")
        return f"{posixpath.relpath(name, self.folder)}{colon}{line}"
