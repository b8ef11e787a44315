"""Services of this machine whose checkout was moved or removed: nothing but their records leads to them."""

from __future__ import annotations

import shlex

from devenv.base import locks, records
from devenv.base.errors import CONFLICT, USAGE, DevError
from devenv.context import claims, workspace
from devenv.engines import orphans


def all_of() -> list[records.Record]:
    """The records whose checkout is gone, and that no root uses."""
    found = filter(_is_gone, records.of_workspace())
    return [record for record in found if not claims.users(record, record.checkout)]


def named(place: str) -> records.Record:
    """The record of `WORKSPACE/SERVICE`. DevError 2 if there is none, 113 if it is not gone or is used."""
    known = {f"{record.workspace}/{record.service}": record for record in records.of_workspace()}
    if place not in known:
        raise DevError(USAGE, f"{place} is not on record", "inv dev.doctor lists what is gone, as WORKSPACE/SERVICE")
    record = known[place]
    if not _is_gone(record) and not _is_renamed(record):
        cd = f"cd {shlex.quote(record.checkout)} && " if record.checkout else ""
        hint = cd + f"inv dev.destroy --workspace {record.workspace}"
        raise DevError(CONFLICT, f"the checkout of {place} is not gone: {record.checkout or 'unknown'}", hint)
    if users := claims.users(record, record.checkout):  # a pinned service may have lost its checkout with the cache
        raise claims.used(place, users)
    return record


def _is_gone(record: records.Record) -> bool:
    return bool(record.checkout) and workspace.is_gone(record.checkout)


def _is_renamed(record: records.Record) -> bool:
    """Whether the dev.yaml of its checkout names another service now."""
    return workspace.service_name(record.checkout) not in ("", record.service)


def remove(record: records.Record) -> None:
    """Remove everything of it, data included, on each engine that it used, and its record. DevError 110, 112, 113."""
    with locks.held(records.path(record.workspace, record.service, "lock"), "dev.destroy"):
        record = named(f"{record.workspace}/{record.service}")  # another checkout may have taken it over
        orphans.remove(record, {record.engine, *record.data} - {""})
