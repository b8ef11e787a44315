"""The account that a server runs as. Database servers refuse to run as root, so for root they run as `nobody`.

In a new user namespace, the process sees itself as `nobody`, while it is still root for the kernel: no account is
created, and no folder changes its owner. The id must have a name on the system, and 65534 has one.
"""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from devenv.base import process
from devenv.base.errors import MISSING, DevError

NOBODY = 65534
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
SETUID = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all")


@functools.cache
def wrapper() -> tuple[str, ...]:
    """The prefix for a server's command: empty for an ordinary user."""
    if os.geteuid() != 0:
        return ()
    return NAMESPACE if process.capture([*NAMESPACE, "true"]).code == 0 else SETUID


def hand_over(folder: Path) -> None:
    """Give a data folder to the account, if servers really run as another user."""
    if wrapper() == SETUID:
        check_reach(folder.parent, "XDG_STATE_HOME")
        process.capture(["chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)])


def check_reach(folder: Path, variable: str) -> None:
    """DevError 110 if the account cannot access a folder, with the variable that moves the folder."""
    if wrapper() != SETUID:
        return
    if not shutil.which("setpriv"):
        raise DevError(MISSING, "as root, servers need unshare or setpriv (util-linux)", "apt-get install util-linux")
    if process.capture([*SETUID, "ls", str(folder)]).code:
        why = "the account that servers of root run as if user namespaces are not allowed"
        raise DevError(
            MISSING, f"{folder} cannot be reached by nobody, {why}", f"{variable}=/var/tmp/devenv inv dev.up"
        )
