"""What small/service.py tells of its server, in the words of the ledger."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from devenv.datastates import settling, store

from . import ledger
from .ledger import Rows

LATE = 30  # seconds between the start of a command and our look, at most


def states(seen: dict[str, Any]) -> list[list[Any]]:
    """The rows of the server's record: id, kind, database, facts."""
    rows = [[*row[:3], json.loads(row[3]) if isinstance(row[3], str) else row[3]] for row in recorded(seen)]
    assert [row[2] for row in rows if row[1] == "live"] == [seen["live"]], (
        f"the app is on {seen['live']}, which should be live: {rows}"
    )
    return rows


def is_going(facts: dict[str, Any]) -> bool:
    """Whether a draft is dropped in the background, or may be: the next command after a minute looks after it."""
    return bool(facts["name"] == store.GOING and time.time() - facts["created"] < settling.DROPPING + LATE)


def recorded(seen: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = seen["databases"]["devenv"]["states"]
    return found


def places(seen: dict[str, Any]) -> Counter[ledger.Place]:
    """The same in the words of the ledger, without what can be built again."""
    found: Counter[ledger.Place] = Counter()
    for _, kind, database, facts in states(seen):
        if kind not in ("built", "draft"):
            name = kind if kind in ("live", "previous") else f"{kind} {facts['name']}"
            rows, applied = content(seen, database)
            found[name, rows, applied] += 1
    return found


def content(seen: dict[str, Any], database: str) -> tuple[Rows, Rows]:
    """The rows and the migrations of a database."""
    tables = seen["databases"][database]
    return frozenset(tables["entry"]), frozenset(tables["migration"])


def assert_whole(seen: dict[str, Any]) -> None:
    """What was built for later has all rows of its scenario, and none that a person entered."""
    for _, kind, database, facts in states(seen):
        if kind == "built":
            rows, applied = content(seen, database)
            size = int(facts["name"].partition("rows=")[2] or 0)
            rest = rows - ledger.big(size)
            what = f"{facts['name']}, which was built for later"
            assert len(rows) == size + len(rest), f"{what}, should have {size} rows of `big`, not {sorted(rows)}"
            defaults = int(facts["name"] != "schema")
            made = len(rest) == defaults and all(row.startswith("default-") for row in rest)
            assert made, f"{what}, should have {defaults} rows `default-N` besides, not {sorted(rest)}"
            wanted = {Path(name).stem for name in facts["files"] if name.startswith("migrations/")}
            assert applied == wanted, f"{what} in {database}, has {sorted(applied)} and not {sorted(wanted)}"
