"""Commands of git that do the same on each machine. Addresses, logins, names and ssh are the person's."""

from __future__ import annotations

import os
from pathlib import Path

from devenv.base import launch

# The person's settings that change what git does or prints, and hooks, which are for repositories of theirs.
PLAIN = (
    "core.hooksPath=/dev/null",
    "clone.defaultRemoteName=origin",
    "submodule.recurse=false",
    "core.fsmonitor=false",
    "color.ui=false",
    "log.showSignature=false",
    "status.showUntrackedFiles=normal",
)


def argv(*words: str, at: Path | None = None) -> list[str]:
    """A command of git, for the repository of a folder if there is one."""
    place = ["-C", str(at)] if at else []
    return ["git", *place, *(part for setting in PLAIN for part in ("-c", setting)), *words]


def environment() -> dict[str, str]:
    """The environment of git: it asks nothing, says everything in English and is about no other repository."""
    found = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    launch.forget_others(found)
    return found
