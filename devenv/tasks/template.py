"""The template's release: check for a newer one, update to it, keep the tools in the repository."""

from __future__ import annotations

from typing import Any

from invoke.tasks import task

from devenv.base import events, output, toolcache
from devenv.base.errors import FOUND, DevError
from devenv.context import environment
from devenv.tasks.common import JSON, finish
from devenv.template import conformance, updates


@task(help=JSON)
def check(c: Any, json: bool = False) -> None:
    """Show newer releases, and whether an update would conflict."""
    _run("check", ["--json"] if json else [])


@task(
    iterable=["answer"],
    help={
        "to": "this release, instead of the highest one",
        "answer": "an answer to a question of the template, NAME=VALUE; can be repeated",
        **JSON,
    },
)
def update(c: Any, to: str = "", answer: Any = None, json: bool = False) -> None:
    """Update to a release of the template, on a branch to review."""
    answers = [word for each in answer or [] for word in ("--answer", each)]
    branch = _run("update", [*(["--to", to] if to else []), *answers], quiet=json)
    if branch and updates.is_vendored(environment.ROOT):
        updates.vendor(environment.ROOT)
        updates.commit_vendored(environment.ROOT)
    if branch and conformance.check(environment.ROOT, ["--static"], progress=json) == FOUND:
        raise DevError(FOUND, "the contract is not kept after the update", "each MUST above says how to fix it")
    undo = f"to undo: git switch - && git branch -D {branch}"
    words = f"the update is on branch {branch}; {undo}" if branch else "nothing to update"
    finish(words, json, known={"branch": branch})


@task(help={"undo": "remove the tools from this repository again", **JSON})
def vendor(c: Any, undo: bool = False, json: bool = False) -> None:
    """Copy the tools into this repository, for use without network."""
    if undo:
        removed = updates.unvendor(environment.ROOT)
        words = f"removed {removed}; tools come from the cache" if removed else "nothing to remove: no .dev/tools"
        finish(words, json)
        return
    folder = updates.vendor(environment.ROOT)
    words = f"the tools are in {folder}; next: git add .dev/tools && git commit. To undo: inv template.vendor --undo"
    finish(words, json, known={"folder": str(folder)})


@task(help=JSON)
def prune(c: Any, json: bool = False) -> None:
    """Remove tools that were not used for 60 days; dev.up does, too."""
    removed = toolcache.collect()
    for path in removed:
        events.note(f"removed {path}")
    finish(f"{len(removed)} removed; {toolcache.described()}", json, known={"removed": [str(path) for path in removed]})


def _run(verb: str, flags: list[str], quiet: bool = False) -> str:
    """Run a program of the template and return its answer."""
    done = updates.run(environment.ROOT, verb, flags)
    if done.answer and not quiet:
        output.data(done.answer)
    if done.error:
        raise done.error
    return done.answer
