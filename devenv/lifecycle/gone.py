"""Services of this machine whose checkout was moved or removed: nothing but their records leads to them."""

from __future__ import annotations

import shlex

from devenv.base import locks, records
from devenv.base.errors import CONFLICT, USAGE, DevError
from devenv.context import workspace
from devenv.engines import names
from devenv.engines.orphans import Orphan


def all_of() -> list[records.Record]:
    """The records whose checkout is gone."""
    return [record for record in records.of_workspace() if _is_gone(record)]


def named(place: str) -> records.Record:
    """The record of `WORKSPACE/SERVICE`. DevError 2 if there is none, 113 if its checkout is still there."""
    known = {f"{record.workspace}/{record.service}": record for record in records.of_workspace()}
    if place not in known:
        raise DevError(USAGE, f"{place} is not on record", "inv dev.doctor lists what is gone, as WORKSPACE/SERVICE")
    record = known[place]
    if not _is_gone(record):
        cd = f"cd {shlex.quote(record.checkout)} && " if record.checkout else ""
        hint = f"{cd}inv dev.destroy --workspace {record.workspace}"
        raise DevError(CONFLICT, f"the checkout of {place} is not gone: {record.checkout or 'unknown'}", hint)
    return record


def _is_gone(record: records.Record) -> bool:
    return bool(record.checkout) and workspace.is_gone(record.checkout)


def remove(record: records.Record) -> None:
    """Remove everything of it, data included, on each engine that it used, and its record. DevError 110, 112, 113."""
    with locks.held(records.path(record.workspace, record.service, "lock"), "dev.destroy"):
        record = named(f"{record.workspace}/{record.service}")  # another checkout may have taken it over
        for engine in sorted({record.engine, *record.data} - {""}):
            Orphan(engine, record.workspace, record.service, names.project(record), record.network).remove()
        records.remove(record.workspace, record.service)
