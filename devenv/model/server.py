"""Whether production's database server is of the version that compose.yaml names."""

from __future__ import annotations

import re

from devenv.model.catalogue import Difference, Thing

PARTS = {"postgres": 1}  # numbers that a major version of it has; else two: MySQL 8.0 and 8.4, MariaDB 10.6 and 10.11


def differ(production: str, image: str) -> list[Difference]:
    """The difference between `postgres 16.4` and `postgres 17`, as far as the image says a version at all."""
    known = _numbers(image)
    same = production.split()[0] == image.split()[0] and _numbers(production)[: len(known)] == known
    return [] if same else [Difference(Thing("server", "", "", {}), "version", production, image)]


def _numbers(server: str) -> list[str]:
    """The numbers of a version or of an image's tag: 17 of latest-pg17, none of latest."""
    kind, _, version = server.partition(" ")
    found = re.search(r"\d+(\.\d+)*", version)
    return found[0].split(".")[: PARTS.get(kind, 2)] if found else []
