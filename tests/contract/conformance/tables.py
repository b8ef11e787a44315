"""Tables and rows as values, and the difference of two of them in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass
class Rows:
    """Tables with their columns, their primary keys, and their rows."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return {table: len(self.rows.get(table, [])) for table in self.columns}

    def stable(self, volatile: Iterable[str]) -> dict[str, list[str]]:
        """The rows of each table as sorted texts, without the volatile columns."""
        hidden = list(volatile)
        return {
            table: sorted(
                json.dumps({name: row[name] for name in row if not is_volatile(table, name, hidden)}, sort_keys=True)
                for row in self.rows.get(table, [])
            )
            for table in self.columns
        }


def is_volatile(table: str, column: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(f"{table}.{column}", pattern) for pattern in patterns)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The difference in words: tables that are new or gone, and counts or rows that changed."""
    found = [f"table {table} is gone" for table in before if table not in after]
    found += [f"table {table} is new" for table in after if table not in before]
    for table in before:
        if table in after and before[table] != after[table]:
            found.append(f"table {table}: {difference(before[table], after[table])}")
    return found


def difference(before: Any, after: Any) -> str:
    if isinstance(before, int):
        return f"{before} rows before, {after} after"
    gone = [row for row in before if row not in after]
    new = [row for row in after if row not in before]
    shown = [f"{sign} {row[:160]}" for sign, rows in (("-", gone), ("+", new)) for row in rows[:1]]
    return f"{len(before)} rows before, {len(after)} after; {len(gone)} gone, {len(new)} new: {' '.join(shown)}"
