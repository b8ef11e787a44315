"""The files that a template renames between two releases, as listed in its migrations.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from tools.adopt.releases import order
from tools.adopt.render import Files

PAGE = "migrations.yaml"


@dataclass(frozen=True)
class Renames:
    """Old name to new name, over all releases between two."""

    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def answers(self, given: Mapping[str, str]) -> dict[str, str]:
        return {self.variables.get(name, name): value for name, value in given.items()}

    def moved(self, files: Files) -> Files:
        """The files under their new names, except those whose new name already exists."""
        return {
            name if self.files.get(name) in files else self.files.get(name, name): each for name, each in files.items()
        }


def between(text: str, after: str) -> Renames:
    """The steps in a migrations.yaml of versions above `after`."""
    low = order(after)
    steps = [(order(str(step["version"])), step) for step in yaml.safe_load(text) or []]
    newer = [step for version, step in sorted(steps, key=lambda each: each[0]) if version > low]
    return Renames(
        chain([step.get("variables") or {} for step in newer]),
        chain([step.get("files") or {} for step in newer]),
    )


def chain(steps: list[dict[str, str]]) -> dict[str, str]:
    """A file that was renamed twice leads to its last name."""
    found: dict[str, str] = {}
    for step in steps:
        found = {old: step.get(name, name) for old, name in found.items()} | {
            old: name for old, name in step.items() if old not in found.values()
        }
    return found
