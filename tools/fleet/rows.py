"""Rows of the report: facts with their standing today, their order, and what is wrong in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tools.fleet.facts import Facts
from tools.fleet.listing import Repo
from tools.fleet.releases import Standing

# The worst first.
STATES = ("error", "broken", "not judged", "conflicts", "release unknown", "behind", "fine")


@dataclass(frozen=True)
class Row:
    """One repository in the report."""

    repo: Repo
    facts: Facts
    standing: Standing

    @property
    def state(self) -> str:
        """The worst state that applies."""
        found = {
            "error": self.facts.error,
            "broken": self.facts.broken,
            "not judged": self.facts.note,
            "conflicts": self.facts.conflicts,
            "release unknown": self.standing.missing is None,
            "behind": self.standing.missing,
        }
        return next((state for state in STATES if found.get(state)), "fine")

    @property
    def broken(self) -> list[str]:
        return [must["id"] for must in self.facts.broken]

    @property
    def why(self) -> str:
        """What is wrong besides MUSTs and releases."""
        return self.facts.error or self.facts.note

    def as_dict(self) -> dict[str, Any]:
        known = {"repo": self.repo.name, "state": self.state, **self.facts.as_dict()}
        missing = self.standing.missing
        behind = None if missing is None else list(missing)
        return {**known, "release": self.standing.release, "behind": behind, "days_behind": self.standing.days}


def order(row: Row) -> tuple[Any, ...]:
    """The worst state first; then more broken MUSTs, more conflicts, more days, more releases; then by name."""
    sizes = (row.facts.broken, row.facts.conflicts or (), row.standing.missing or ())
    broken, conflicts, missing = map(len, sizes)
    return STATES.index(row.state), -broken, -conflicts, -(row.standing.days or 0), -missing, row.repo.name


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """The number of rows in each state, worst first."""
    found = Counter(row.state for row in rows)
    return {state: found[state] for state in STATES if found[state]}


def behind(standing: Standing) -> str:
    """`2 releases, 40 d`; empty if nothing is missing; `?` if that is not known."""
    if standing.missing is None:
        return "?"
    count = len(standing.missing)
    age = "" if standing.days is None else f", {standing.days} d"
    return f"{count} release{'s' * (count != 1)}{age}" if count else ""
