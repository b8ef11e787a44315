# Owner: the template. Do not edit: updates replace this file.
"""Which release of the template this repository is at, and taking a newer one."""

from __future__ import annotations

from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import task

from devenv.base.errors import FOUND, DevError
from devenv.operations import conformance, environment, template
from devenv.tasks.common import JSON


@task(help=JSON)
def check(c: Any, json: bool = False) -> None:
    """Say which release this repository is at, what is out, and whether an update would conflict."""
    _run("check", ["--json"] if json else [])


@task(
    iterable=["answer"],
    help={
        "to": "this release instead of the highest one",
        "answer": "an answer to a question of the template, NAME=VALUE; may be repeated",
    },
)
def update(c: Any, to: str = "", answer: Any = None) -> None:
    """Take a release of the template, on a branch to review."""
    _run("update", [*(["--to", to] if to else []), *(word for each in answer or [] for word in ("--answer", each))])
    if conformance.check(environment.ROOT, ["--static"]):
        raise DevError(FOUND, "after the update the contract is not kept", "each MUST above says what mends it")


def _run(verb: str, flags: list[str]) -> None:
    code = template.run(environment.ROOT, verb, flags)
    if code:
        raise Exit(code=code)  # the tool has said why, and a failure is one line
