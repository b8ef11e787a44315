"""The table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence, Sized

from tools.fleet.rows import Row, behind, counts

GAP = "  "


HEAD = (
    "STATE",
    "REPOSITORY",
    "SERVICE",
    "RELEASE",
    "BEHIND",
    "CONTRACT",
    "BROKEN",
    "CONFLICTS",
    "DEVIATIONS",
    "UNJUDGED",
    "WHY",
)


def terminal(rows: Sequence[Row], newest: str) -> str:
    """One line for each repository, in the given order, and a summary. Empty columns are left out."""
    return "\n".join([*layout([HEAD, *map(cells, rows)]), "", summary(rows, newest)])


def cells(row: Row) -> tuple[str, ...]:
    """One row, as texts in the order of HEAD."""
    facts = row.facts
    said = (
        row.state,
        row.repo.name,
        facts.service,
        row.standing.release,
        behind(row.standing),
        f"{facts.contract} {facts.level}",
        " ".join(row.broken),
        number(facts.conflicts),
        number(facts.deviations),
        number(facts.unjudged),
        row.why,
    )
    return tuple(plain(cell) for cell in said)


def number(found: Sized | None) -> str:
    """The number; empty if there are none."""
    return str(len(found)) if found else ""


def plain(text: str) -> str:
    """A text in one line and without control characters: the content of a repository is not trusted."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def layout(lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines with their columns below each other; the first line is the head."""
    columns = [column for column in zip(*lines) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    return [GAP.join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in zip(*columns)]


def summary(rows: Sequence[Row], newest: str) -> str:
    """`300 repositories: 2 error, 290 fine; newest release 0.2.0`."""
    said = ", ".join(f"{count} {state}" for state, count in counts(rows).items())
    total = f"{len(rows)} repositor{'y' if len(rows) == 1 else 'ies'}"
    return f"{total}: {said}; " + (f"newest release {newest}" if newest else "no release is out")
