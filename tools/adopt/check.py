"""The release of a service, newer releases, and the conflicts of an update."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.adopt import change, origin, releases
from tools.adopt.releases import Release
from tools.adopt.repository import find, run

PAGE = "CHANGELOG.md"


@dataclass(frozen=True)
class Standing:
    """`version`: as releases.version_of says it. `lacks`: the releases above it, the lowest first. `changes`: their
    part of the changelog. `conflicts`: what an update to the last of them would leave to a person."""

    service: str
    template: str
    version: str
    lacks: tuple[Release, ...]
    changes: str
    conflicts: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For programs: the keys are part of the command's interface."""
        return {
            "service": self.service,
            "template": self.template,
            "version": self.version,
            "lacks": [{"version": each.version, "day": each.day} for each in self.lacks],
            "changes": self.changes,
            "conflicts": list(self.conflicts),
        }


def check(path: Path, template: Path) -> Standing:
    """Check without writing anything. Refusal 111."""
    repository = find(path)
    known = origin.read(repository)
    out = releases.read(template)
    version = releases.version_of(template, known.commit, out)
    lacks = tuple(each for each in out if each.order > releases.order(version))
    page = run(template, "show", f"HEAD:{PAGE}").decode()
    changes = releases.changelog(page, version, lacks[-1].version) if lacks else ""
    tried = change.compute(repository, template).conflicts if lacks else ()
    name = known.answers.get("service", repository.folder.name)
    return Standing(name, known.template, version, lacks, changes, tuple(map(str, tried)))


def conflicts(path: Path, template: Path, wanted: str = "") -> list[str]:
    """The files that a person would have to merge, each with the reason; tried outside the repository."""
    return [str(conflict) for conflict in change.compute(find(path), template, wanted).conflicts]
