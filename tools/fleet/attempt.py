"""The one place where the report asks what an update would do. How updates work is the business of tools/adopt."""

from __future__ import annotations

from pathlib import Path

from tools.fleet.releases import ROOT


def conflicts(folder: Path, version: str) -> list[str]:
    """What stands in the way of an update of a repository to a release: a line for each conflict, none if it is clean.

    `folder`: a clean checkout that is ours to throw away. `version`: a release of releases.txt, `0.2.0`.
    Any exception means that the update could not be tried.
    """
    from tools.adopt import check  # only who asks for it pays for what updates import

    return check.conflicts(folder, ROOT, version)
