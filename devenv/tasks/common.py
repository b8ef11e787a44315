"""What the verbs share: the help of common flags, the service's exit codes, questions."""

from __future__ import annotations

import sys

from devenv.base import output
from devenv.base.errors import INTERRUPTED, REFUSED, DevError

WORKSPACE = {"workspace": "another set of running services than main (also DEV_WORKSPACE)"}
ONLY = {"only": "this repository alone, without what it requires: for the root that drives it"}
JSON = {"json": "answer with one JSON object on stdout"}


def pass_on(code: int, what: str) -> None:
    """End with the service's own exit code, in an error line, since make hides the code itself."""
    if code == INTERRUPTED:
        raise DevError(code, f"{what} was interrupted")
    if code:
        raise DevError(code, f"{what} ended with exit code {code}")


def confirm(question: str, yes: bool) -> None:
    """Ask before data is lost. Nothing asks without a terminal: there, --yes is required (DevError 114)."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DevError(REFUSED, f"{question} Not without --yes, since nobody can be asked here", "add --yes")
    output.say(f"{question} [y/N] ")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise DevError(REFUSED, "nothing was changed")
