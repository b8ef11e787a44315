"""The account that a server runs as. For root, whom database servers refuse, and for a user id without a name, which
PostgreSQL refuses, it is `nobody`.

In a new user namespace, the process sees itself as `nobody`, while it is still who it was for the kernel: no
account is created, and no folder changes its owner. The id must have a name on the system, and 65534 has one.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
from pathlib import Path

from devenv.base import process
from devenv.base.errors import MISSING, DevError

NOBODY = 65534
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
SETUID = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all")


@functools.cache
def wrapper() -> tuple[str, ...]:
    """The prefix for a server's command: empty for an ordinary user. DevError 110 if there is no account for it."""
    user = os.geteuid()
    if user != 0 and _has_name(user):
        return ()
    if process.capture([*NAMESPACE, "true"]).code == 0:
        return NAMESPACE
    if user != 0:
        add = f"as root: echo me:x:{user}:{os.getegid()}::/tmp:/bin/sh >>/etc/passwd"
        raise DevError(MISSING, f"the user id {user} has no name on this machine, and servers need one", add)
    return SETUID


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user))
    except KeyError:  # in a container with a user id from outside, for example
        return False


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
