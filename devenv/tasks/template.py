"""Which release of the template this repository is at, taking a newer one, and keeping the tools in the repository."""

from __future__ import annotations

from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import task

from devenv.base import output, toolcache
from devenv.base.errors import FOUND, DevError
from devenv.context import environment
from devenv.tasks.common import JSON
from devenv.template import conformance, updates


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
    answers = [word for each in answer or [] for word in ("--answer", each)]
    branch = _run("update", [*(["--to", to] if to else []), *answers])
    if branch and updates.is_vendored(environment.ROOT):
        updates.vendor(environment.ROOT)
        updates.commit_vendored(environment.ROOT)
    if branch and conformance.check(environment.ROOT, ["--static"]) == FOUND:
        raise DevError(FOUND, "after the update the contract is not kept", "each MUST above says how to fix it")


@task(help={"undo": "remove the tools from this repository again"})
def vendor(c: Any, undo: bool = False) -> None:
    """Put the tools into this repository (.dev/tools), for places that cannot reach the template."""
    if undo:
        removed = updates.unvendor(environment.ROOT)
        output.say(f"{removed} is removed; the tools come from the cache" if removed else "there are no tools here")
        return
    folder = updates.vendor(environment.ROOT)
    output.say(f"{folder} has the tools; keep them: git add .dev/tools && git commit. Undo: inv template.vendor --undo")


@task
def prune(c: Any) -> None:
    """Remove tools that nothing on this machine has used for 60 days (dev.up does so once a day)."""
    removed = toolcache.collect()
    for path in removed:
        output.say(f"removed {path}")
    output.say(f"{len(removed)} removed; {toolcache.described()}")


def _run(verb: str, flags: list[str]) -> str:
    """What the tool answers, which is passed on."""
    done = updates.run(environment.ROOT, verb, flags)
    if done.stdout:
        output.data(done.stdout.rstrip())
    if done.code:
        raise Exit(code=done.code)  # the tool has said why, and a failure is one line
    return done.stdout
