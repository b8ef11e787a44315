"""What a service is called on a container engine, so that no other owner's has the same name."""

from __future__ import annotations

from pathlib import Path

from devenv.base import records
from devenv.model import fingerprint

ADMIN = "devenv"  # our account on a PostgreSQL server
SECRET = "devenv-"  # how the passwords that we draw begin, so that they are recognised in a container


def project(record: records.Record) -> str:
    """The name of its Compose project, and so of its containers, volumes and images: no other owner has it.

    An environment of an earlier release keeps its name, since Docker cannot rename a volume.
    """
    return record.project or (older_project(record) if _is_older(record, record.project) else _unique(record))


def older_project(record: records.Record) -> str:
    """The name that releases before 0.7 give it."""
    return f"{record.workspace}-{record.service}"


def network(name: str) -> str:
    """The network of a workspace. If a service of an earlier release is in it, all join that one's network."""
    older = f"devenv-{name}"
    if any(record.network == older or _is_older(record, record.network) for record in records.of_workspace(name)):
        return older
    return f"{older}-{fingerprint.of_text(records.identity(), name)[:8]}"


def _is_older(record: records.Record, noted: str) -> bool:
    return not noted and (record.engine == "compose" or "compose" in record.data)


def _unique(record: records.Record) -> str:
    mark = fingerprint.of_text(records.identity(), record.workspace, record.service)[:8]
    return f"{older_project(record)}-{mark}"


def variables_file(workspace: str) -> Path:
    """The file that holds our variables for the printed commands, from the root. Only its owner can read it."""
    return Path(".dev", "local", f"{workspace}.env")
