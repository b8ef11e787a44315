"""Shared by all tasks: the help of common flags, the service's exit codes, questions."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from devenv.base import events, git, launch, output, process
from devenv.base.errors import INTERRUPTED, REFUSED, USAGE, DevError
from devenv.readers import report

WORKSPACE = {"workspace": "the set of running services, instead of main (also DEV_WORKSPACE)"}
PORT = {"port": "the port, instead of the one in dev.yaml (also DEV_PORT)"}
ONLY = {"only": "only this repository, without the services that it requires; used by the root that drives it"}
YES = {"yes": "run code of required repositories whose owners are new on this machine, without asking"}
JSON = {"json": "answer with one JSON object on stdout"}
# The verbs that change something. With --json, each answers with what it did, also when it fails.
CHANGES = {
    *("dev.up", "dev.down", "dev.destroy", "dev.migrate", "dev.seed", "dev.reset", "dev.snapshot", "dev.restore"),
    *("dev.state", "dev.schema", "dev.lock", "dev.edit", "dev.use", "dev.restart", "dev.add"),
    *("template.update", "template.vendor", "template.prune"),
}


def finish(sentence: str, json: bool = False, data: str = "", known: Mapping[str, Any] | None = None) -> None:
    """The end of a verb that changed something: what happened and how to undo it, and its answer on stdout.

    With `json` the answer is one object, of what is `known` and of what was done; else it is `data`, if there is any.
    """
    events.result(sentence)
    if json:
        output.answer({**(known or {}), **report.of_run.summary()})
    elif data:
        output.data(data)


def is_tracked(name: str) -> bool:
    """Whether git knows a file of this repository: only then can it show, or undo, what changed in it."""
    return process.capture(git.argv("ls-files", "--error-unmatch", "--", name, at=launch.ROOT)).code == 0


def shown(name: str) -> str:
    """The end of a sentence about a file that was written: how to see what changed in it."""
    return f"; to see what changed: git diff {name}" if is_tracked(name) else ""


def params(given: Iterable[str] | None) -> dict[str, str]:
    """The parameters of a scenario, from NAME=VALUE. DevError 2."""
    pairs = [text.partition("=") for text in given or ()]
    wrong = next((name for name, equals, _ in pairs if not equals), "")
    if wrong:
        raise DevError(USAGE, f"--param {wrong} is not NAME=VALUE", "inv dev.seed NAME -p size=10")
    return {name: value for name, _, value in pairs}


def flags(given: Mapping[str, str | bool]) -> list[str]:
    """The words for another command: `--tail 5 --follow`. Without a value, a flag is left out."""
    chosen = {flag: value for flag, value in given.items() if value}
    return [word for flag, value in chosen.items() for word in ([flag] if value is True else [flag, str(value)])]


def pass_on(code: int, what: str, *hints: str) -> None:
    """End with the service's exit code. The error line has it too, since make hides the code."""
    if code == INTERRUPTED:
        raise DevError(code, f"{what} was interrupted")
    if code:
        raise DevError(code, f"{what} ended with exit code {code}", *hints)


def confirm(question: str, yes: bool) -> None:
    """Ask before data is lost. Without a terminal, --yes is required (DevError 114)."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DevError(REFUSED, f"{question} Without a terminal to ask, --yes is required", "add --yes")
    if not output.agreed(question):
        raise DevError(REFUSED, "not confirmed, so nothing was changed", "answer y, or add --yes")
