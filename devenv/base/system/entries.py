"""One process, as both implementations describe it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Callable


def _nothing(_: int) -> list[bytes]:
    return []


@dataclass(frozen=True)
class Entry:
    """One live process. pid and birth together are unique, even after a change of the clock or a reboot.

    Only they are compared: a process stays the same when its parent dies or when it executes another program.
    """

    pid: int
    parent: int = field(compare=False)
    session: int = field(compare=False)
    birth: str  # the boot of the machine, a slash, and when the process started
    name: str = field(default="", compare=False)
    group: int = field(default=0, compare=False)
    read: Callable[[int], list[bytes]] = field(default=_nothing, compare=False, repr=False)

    @functools.cached_property
    def environment(self) -> list[bytes]:
        """The variables that it was started with; none for another user's process. Read once for each entry."""
        return self.read(self.pid)


Table = dict[int, Entry]
