"""Shared by all tasks: the help of common flags, the service's exit codes, questions."""

from __future__ import annotations

import sys

from devenv.base import events
from devenv.base.errors import INTERRUPTED, REFUSED, DevError

WORKSPACE = {"workspace": "the set of running services, instead of main (also DEV_WORKSPACE)"}
ONLY = {"only": "only this repository, without the services that it requires; used by the root that drives it"}
JSON = {"json": "answer with one JSON object on stdout"}


def pass_on(code: int, what: str) -> None:
    """End with the service's exit code. The error line has it too, since make hides the code."""
    if code == INTERRUPTED:
        raise DevError(code, f"{what} was interrupted")
    if code:
        raise DevError(code, f"{what} ended with exit code {code}")


def confirm(question: str, yes: bool) -> None:
    """Ask before data is lost. Without a terminal, --yes is required (DevError 114)."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DevError(REFUSED, f"{question} Without a terminal to ask, --yes is required", "add --yes")
    events.note(f"{question} [y/N] ")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise DevError(REFUSED, "nothing was changed")
