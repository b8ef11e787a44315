"""The only module that tries updates for the report. tools/adopt implements them."""

from __future__ import annotations

from pathlib import Path

from tools.fleet.releases import ROOT


def conflicts(folder: Path, version: str) -> list[str]:
    """The conflicts of an update of a repository to a release, a line for each; empty if the update is clean.

    `folder`: a clean, temporary checkout. `version`: a release of releases.txt, `0.2.0`.
    Any exception means that the update could not be tried.
    """
    from tools.adopt import check  # here, since the import is slow

    return check.conflicts(folder, ROOT, version)
