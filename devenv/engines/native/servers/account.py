"""As whom a server runs. Database servers refuse to run as root, so there they run as `nobody`.

In a user namespace of its own the process is `nobody` to itself and to its programs, while the kernel still knows it
as root: no account is made and no folder changes hands. It must be an id that the system knows by name: 65534 is.
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
    """What stands before a server's command: nothing for an ordinary user."""
    if os.geteuid() != 0:
        return ()
    return NAMESPACE if process.capture([*NAMESPACE, "true"]).code == 0 else SETUID


def hand_over(folder: Path) -> None:
    """Give a data folder to the account, where servers run as another user in earnest."""
    if wrapper() == SETUID:
        check_reach(folder.parent, "XDG_STATE_HOME")
        process.capture(["chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)])


def check_reach(folder: Path, variable: str) -> None:
    """DevError 110 where the account cannot get at a folder, with the variable that moves it."""
    if wrapper() != SETUID:
        return
    if not shutil.which("setpriv"):
        raise DevError(MISSING, "as root, servers need unshare or setpriv (util-linux)", "apt-get install util-linux")
    if process.capture([*SETUID, "ls", str(folder)]).code:
        why = "as whom servers run for root where no user namespace may be made"
        raise DevError(
            MISSING, f"{folder} cannot be reached by nobody, {why}", f"{variable}=/var/tmp/devenv inv dev.up"
        )
