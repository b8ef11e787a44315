"""Extensions of PostgreSQL that the app's account may not create, and that the image of postgres lacks."""

from __future__ import annotations

import re

from tools.adopt.found import Found, Store
from tools.adopt.read.stores.kinds import Facts

PACKAGES = {"geoalchemy2": "postgis", "pgvector": "vector"}
CODE = re.compile(
    r"""django\.contrib\.gis\.db\.backends\.(?P<engine>postgis)"""
    r"""|create\s+extension\s+(?:if\s+not\s+exists\s+)?["']?(?P<made>postgis|vector|timescaledb)\b"""
    r"""|CreateExtension\(\s*(?:name\s*=\s*)?["'](?P<operation>postgis|vector|timescaledb)["']""",
    re.IGNORECASE,
)


def extensions(facts: Facts, database: Store | None) -> tuple[Found, ...]:
    """Each one once, with the place that needs it; none without PostgreSQL."""
    if not database or database.kind.value != "postgres":
        return ()
    listed = facts.project.packages if facts.project else {}
    found = {each: listed[name].where for name, each in PACKAGES.items() if name in listed}
    names = [*facts.code, *facts.files.named("*.sql")]
    for match, where in facts.files.search(CODE, names):
        found.setdefault(next(filter(None, match.groups())).lower(), where)
    return tuple(Found(name, where) for name, where in found.items())
