"""Services whose checkout is gone: no `dev.destroy` reaches what they still hold on this machine."""

from __future__ import annotations

import os
import shlex

from devenv.base import records
from devenv.base.records import Record
from devenv.engines import choice


def find() -> list[Record]:
    """The records of all workspaces whose checkout is no more."""
    return [record for record in records.of_workspace() if record.checkout and not os.path.isdir(record.checkout)]


def removal(record: Record) -> str:
    """The commands that remove what is left of a service, on every engine that it ran on, and its record."""
    engines = sorted({record.engine, *record.data} - {""})
    commands = [choice.removal(engine, record.workspace, record.service) for engine in engines]
    files = shlex.quote(str(records.path(record.workspace, record.service).with_suffix("")))
    return "; ".join([*filter(None, commands), f"rm -rf {files} {files}.*"])
