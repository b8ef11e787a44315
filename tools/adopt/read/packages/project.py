"""The common result of python.py and node.py: the facts about a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devenv.model.service_names import RESERVED
from tools.adopt.found import Dependencies, Found


@dataclass(frozen=True)
class Package:
    """A dependency: `spec` as written (`>=4.2,<5`), `group` the extra or group it is in; empty: always installed.

    `extra`: the group is one of the project's extras, which can be installed with the project.
    `wants`: the requested extras of the package: standard in `fastapi[standard]`. `direct`: not only another package
    of a compiled list needs it.
    """

    name: str
    spec: str
    where: str
    group: str = ""
    extra: bool = False
    wants: tuple[str, ...] = ()
    direct: bool = True


@dataclass(frozen=True)
class Project:
    """`packages`: by normalised name. `scripts`: command name → what it calls."""

    language: Found
    name: Found | None = None
    version: Found | None = None
    newest: Found | None = None  # the newest version that works with the pinned packages, if they have a limit
    oldest: Found | None = None  # the lowest version that it says it works with
    dependencies: Dependencies | None = None
    packages: Mapping[str, Package] = field(default_factory=dict)
    scripts: Mapping[str, Found] = field(default_factory=dict)
    notes: tuple[Found, ...] = ()

    def uses(self, *names: str) -> Package | None:
        """The first of these packages that it depends on; those that are always installed before those of groups."""
        there = [self.packages[name] for name in names if name in self.packages]
        return next((one for one in there if not one.group), there[0] if there else None)


def normal(name: str) -> str:
    """A Python package's normalised name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(text: str | None) -> tuple[str, ...]:
    """The names between brackets: standard and all in `standard, all`."""
    return tuple(normal(name.strip()) for name in (text or "").split(",") if name.strip())


def by_name(packages: Iterable[Package]) -> dict[str, Package]:
    """The first package of each name; always installed ones come first."""
    found: dict[str, Package] = {}
    for package in sorted(packages, key=lambda package: bool(package.group)):
        found.setdefault(package.name, package)
    return found


def host_name(name: str) -> str:
    """A valid host name: lower-case letters, digits and hyphens, at most 40, a letter first, and no reserved name."""
    safe = re.sub(r"[^a-z0-9]+", "-", name.rpartition("/")[2].lower()).strip("-")
    if not safe[:1].isalpha():
        safe = f"service-{safe}" if safe else "service"
    return f"{safe}-service" if safe in RESERVED else safe[:40].rstrip("-")


def version_key(text: str) -> tuple[int, ...]:
    """The numbers at the start of a version; `3.12.1` is (3, 12, 1)."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def allows(spec: str, least: str) -> bool:
    """Whether the newest version that a requirement allows is at least `least`. Without a bound, it is."""
    for operator, version in re.findall(r"(==|===|<=|<|~=|\^|~)\s*v?(\d[\d.]*)", spec):
        pinned, wanted = version_key(version.rstrip(".")), version_key(least)
        if operator in ("~=", "^", "~"):  # all of them stay within the major version
            pinned = (*pinned[:1], 10**6) if operator == "^" or len(pinned) < 3 else (*pinned[:2], 10**6)
        if pinned < wanted or (operator == "<" and pinned == wanted):
            return False
    return True
