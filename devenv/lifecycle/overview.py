"""`dev.list`: all services on this machine in all workspaces, from the machine's records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import records
from devenv.engines import choice


class Entry(NamedTuple):
    """One service in one workspace. `running`: None if its engine does not answer."""

    workspace: str
    service: str
    engine: str
    running: bool | None
    url: str
    port: int
    checkout: str
    exists: bool  # whether the checkout is still there
    edited: bool  # a source checkout that dev.edit chose
    version: str  # what dev.use chose, else the commit of a pinned checkout, else empty
    users: list[str]  # the repositories that use it

    def as_dict(self) -> dict[str, Any]:
        """For --json; the keys are in CONTRACT.md."""
        return self._asdict()


def look() -> list[Entry]:
    """Every service that was started here and not removed since, by workspace and name. Changes nothing."""
    known = [record for record in records.of_workspace() if record.checkout and record.engine in choice.ENGINES]
    running = choice.running([(record.engine, record.workspace, record.service) for record in known])
    return [
        Entry(
            workspace=record.workspace,
            service=record.service,
            engine=record.engine,
            running=running[record.workspace, record.service],
            url=f"http://{choice.host(record.engine, record.service)}:{record.port}",
            port=record.port,
            checkout=record.checkout,
            exists=Path(record.checkout).is_dir(),
            edited=bool(record.edit and record.edit == record.checkout),
            version=record.use or record.commit,
            users=[user for user in record.users if Path(user).is_dir()],
        )
        for record in known
    ]
