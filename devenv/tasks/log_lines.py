"""Lines of logs for people: chosen, with the service's name in its colour."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections import deque
from collections.abc import Mapping

from devenv.base import foreign, output
from devenv.base.errors import USAGE, DevError
from devenv.model.services import Service

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
# What servers report again and again while all is well. Lines of the app are never left out.
ROUTINE = (
    r"LOG:  (checkpoint|restartpoint) (starting|complete)"
    r"|InnoDB: Buffer pool\(s\) (dump|load)"
    r"|\* (\d+ changes in \d+ seconds\. Saving|Background saving |DB saved on disk|Fork CoW for RDB)"
)


class Lines:
    """Takes the lines of all services, and prints those that are wanted on stdout.

    `grep`: a regular expression; it ignores case if it has no capital letter. `tail`: only the last lines of each
    service, which `close` prints. `everything`: also what servers report again and again.
    """

    def __init__(self, services: Mapping[str, Service], grep: str, tail: int | None, everything: bool) -> None:
        self.services = services
        self.width = max(map(len, services), default=0)
        self.wanted = _pattern(grep)
        self.everything = everything
        self.last: dict[str, deque[str]] | None = None if tail is None else {}
        self.tail = tail
        self.left_out = 0
        self.printed = 0
        self.colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def take(self, service: str, text: str) -> None:
        """One line of a service."""
        if self.wanted and not self.wanted.search(foreign.plain(text)):
            return
        if self._is_routine(service, text):
            self.left_out += 1
        elif self.last is None:
            self._print(service, text)
        else:
            self.last.setdefault(service, deque(maxlen=self.tail)).append(text)

    def close(self) -> None:
        """Print what was kept back."""
        for service, lines in (self.last or {}).items():
            for text in lines:
                self._print(service, text)

    def _is_routine(self, service: str, text: str) -> bool:
        known = self.services.get(service)
        return not self.everything and bool(known and not known.build and re.search(ROUTINE, text))

    def _print(self, service: str, text: str) -> None:
        self.printed += 1
        head = f"{service.ljust(self.width)}  | "
        if not self.colours:
            output.data(f"{head}{foreign.plain(text)}")
            return
        place = list(self.services).index(service) if service in self.services else 0
        output.data(f"\033[{COLOURS[place % len(COLOURS)]}m{head}\033[0m{text}\033[0m", colours=True)


def _pattern(grep: str) -> re.Pattern[str] | None:
    if not grep:
        return None
    try:
        return re.compile(grep, 0 if re.search("[A-Z]", grep) else re.IGNORECASE)
    except re.error as error:
        message = f"--grep {grep} is not a regular expression: {error}"
        raise DevError(USAGE, message, f"--grep {shlex.quote(re.escape(grep))}") from None
