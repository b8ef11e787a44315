"""Ends and shows services by the records of this machine alone: the files of their checkout may not be valid.

A dev.yaml with conflict markers, or with what newer tools refuse, must not keep what runs from being stopped.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from devenv.base import events, locks, records
from devenv.base.errors import CONFIG, DevError
from devenv.base.records import Record
from devenv.context import claims, workspace
from devenv.engines import choice, orphans
from devenv.engines.orphans import Orphan
from devenv.lifecycle.status import ServiceStatus, Status
from devenv.required import sources


class Left(NamedTuple):
    """What is on record of one checkout in one workspace: its services, and those that it requires."""

    root: Path
    workspace: str
    own: Sequence[Record]
    required: Sequence[Record]

    @property
    def name(self) -> str:
        """The service; more than one if dev.yaml named another one before."""
        return ", ".join(record.service for record in self.own)

    @property
    def used(self) -> list[str]:
        """The other repositories that use a service of this checkout."""
        return sorted({user for record in self.own for user in claims.users(record, str(self.root))})

    def unshared(self) -> list[str]:
        """The pinned services that only this checkout uses: dev.destroy removes them too."""
        mine = [record for record in self.required if not record.edit]
        return [r.service for r in mine if not sources.is_used_elsewhere(self.root, self.workspace, r.service)]

    def end(self, removed: bool, only: bool) -> None:
        """Stop or remove everything. With `only`, not what this checkout requires. DevError 110, 112.

        A service that another repository uses stays up; if it is to be removed, DevError 113.
        """
        for record in self.own:
            used = [] if only else claims.users(record, str(self.root))
            if used and removed:
                raise claims.used(record.service, used)
            if used:
                sources.leave(self.root, self.workspace, record.service)
                events.note(f"{record.service} stays up: it is used by {', '.join(used)}")
                continue
            with events.step("remove" if removed else "stop", record.service):
                end(self.workspace, record.service, record.engine, removed)
        for record in [] if only else self.required:
            if sources.leave(self.root, self.workspace, record.service):
                gone = removed and not record.edit
                with events.step("remove" if gone else "stop", record.service):
                    end(self.workspace, record.service, record.engine, gone)


def instead_of(error: DevError, root: Path, given_workspace: str) -> Left:
    """What is on record of the checkout whose files gave this error. The error itself, if nothing is."""
    if error.code != CONFIG:
        raise error
    name = workspace.choose(root, "*", given_workspace, os.environ)
    here, found = str(root), records.of_workspace(name)
    own = [record for record in found if record.checkout == here]
    if not own:
        raise error
    required = [record for record in found if here in record.users and record.checkout != here]
    return Left(root, name, own, required)


def end(workspace: str, service: str, engine: str, removed: bool) -> None:
    """Stop a service, or remove it with its data. `engine`: where it runs if its record does not say so.

    DevError 110, 112.
    """
    with locks.held(records.path(workspace, service, "lock"), "dev.destroy" if removed else "dev.down"):
        record = records.read(workspace, service)
        used = record.engine or engine
        if removed:
            orphans.remove(record, {used, *record.data})
        else:
            Orphan.of(record, used).stop()


def status(record: Record, engine: str) -> Status:
    """What is known of a service without its files: what runs, not how it is. `engine`: as in `end`. DevError 110."""
    used = record.engine or engine
    url = f"http://{choice.host(used, record.service)}:{record.port}"
    running = Orphan.of(record, used).running()
    return Status(
        service=record.service,
        workspace=record.workspace,
        engine=used,
        engine_version=f"{used}, by its record",
        checkout=record.checkout,
        url=url,
        internal_url=url,
        data=str(record.known(used).get("generation", "")),
        healthy=False,
        image="",
        debugger={},
        secrets=[],
        services=[ServiceStatus(name, "runs, not queried", False, None) for name in running],
        logins=[],
        outputs={},
        memory=None if running else 0,
        budget=None,
        libraries=record.edited_libraries,
    )
