"""The file descriptors that every command of ours inherits, such as a lock's.

If only this process is killed, its engine command goes on, and keeps the lock until it has ended (see locks.py).
"""

from __future__ import annotations

import os
import threading

inherited: set[int] = set()


def close(number: int) -> None:
    """Close a descriptor, and let no later command inherit it.

    Another thread may be about to start a command with this number. So while there are others, it stays valid, of a
    file that means nothing.
    """
    inherited.discard(number)
    if threading.active_count() == 1:
        os.close(number)
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number, inheritable=False)
    os.close(nothing)
