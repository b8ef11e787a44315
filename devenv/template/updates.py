"""Programs of the template for a service: check, update, vendor. They run at the commit that the service names.

The list of releases, and the files of both sides of an update, come from a mirror of the template, like those of a
required service.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from devenv.base import git, launch, process, toolcache, vendored
from devenv.base.errors import MISSING, REFUSED, UNHEALTHY, DevError
from devenv.required import mirrors
from devenv.template.conformance import environment

ADOPT = Path("tools", "adopt")
AS_JSON = "ADOPT_ERRORS_AS_JSON"  # as in tools/adopt/errors.py, which is another program


def launcher(root: Path, question: str) -> str:
    """Ask .dev/fetch.py for the folder of the tools, or for the template's address. DevError 110, 111."""
    argv = [sys.executable, "-I", "-B", str(root / ".dev" / "fetch.py"), question]
    done = process.capture(argv, os.environ)
    if done.code:
        lines = done.stderr.splitlines()
        error = next((line for line in lines if line.startswith("error[")), "error: no answer")
        rest = "\n".join(line for line in lines[lines.index(error) + 1 :] if not line.startswith("hint: "))
        hints = [line.partition(": ")[2] for line in lines if line.startswith("hint: ")]
        raise DevError(done.code, "\n".join(filter(None, [error.partition(": ")[2], rest])), *hints)
    return done.stdout.rstrip("\n")


class Done(NamedTuple):
    """What a program of the template answered, and its error if it failed."""

    answer: str
    error: DevError | None


def run(root: Path, verb: str, flags: Sequence[str]) -> Done:
    """Run check or update on a repository, visibly. DevError 110, 111."""
    mirror = mirrors.of(launcher(root, "--address"), root)
    history = mirror.checkout(mirror.newest())
    tools = launch.TOOLS
    if not (tools / ADOPT).is_dir():  # vendored tools lack it
        tools = mirror.checkout(toolcache.pinned(root) or "")  # the launcher has just read it
    python = environment(tools / ADOPT / "requirements.txt")
    # By its path, not with -m, which would look for modules in this repository first.
    argv = [str(python), str(tools / ADOPT / "__main__.py"), "--template", str(history), verb, str(root), *flags]
    done = process.converse(argv, {**os.environ, "PYTHONPATH": str(tools), AS_JSON: "1"})
    return _failed(verb, done) if done.code else Done(done.stdout.rstrip(), None)


def _failed(verb: str, done: process.Result) -> Done:
    """Its last line is the error. Without one, it has written a traceback."""
    *answer, last = done.stdout.splitlines() or [""]
    try:
        told = json.loads(last)
        return Done("\n".join(answer), DevError(told["code"], told["message"], *told["hints"]))
    except (ValueError, KeyError, TypeError):
        return Done(done.stdout.rstrip(), DevError(done.code, f"template.{verb} ended with exit code {done.code}"))


def vendor(root: Path) -> Path:
    """Put the tools of the commit that .cruft.json names into .dev/tools. Returns the folder. DevError 110, 111."""
    entry = Path(launcher(root, "--fetch"))
    if wrong := vendored.differences(entry):
        raise DevError(MISSING, f"{entry}: {wrong[0]}", f"rm -r {shlex.quote(str(entry))}; then run it again")
    return vendored.write(entry, root / ".dev", entry.name)


def commit_vendored(root: Path) -> None:
    """Commit .dev/tools, on the branch of an update. DevError 112 with git's reason."""
    tools = f".dev/{vendored.FOLDER}"
    for argv in (
        git.argv("add", "--all", "--", tools, at=root),
        git.argv("commit", "--quiet", "-m", "The tools of that release", "--", tools, at=root),
    ):
        done = process.capture(argv, os.environ, shown=argv)
        if done.code:
            raise DevError(
                UNHEALTHY, f"{tools} could not be committed: {done.stderr.strip()}", f"git add {tools} && git commit"
            )


def is_vendored(root: Path) -> bool:
    """Whether the repository has vendored tools."""
    return (root / ".dev" / vendored.FOLDER / vendored.MANIFEST).is_file()


def unvendor(root: Path) -> Path | None:
    """Remove .dev/tools; returns what was removed. DevError 114 if it was changed."""
    folder = root / ".dev" / vendored.FOLDER
    if not folder.exists():
        return None
    if not (root / toolcache.PIN).is_file():
        hint = "first link this repository to its template: cruft link TEMPLATE"
        raise DevError(
            REFUSED, f"{folder} has the only tools: {toolcache.PIN} is missing, so others cannot be fetched", hint
        )
    quoted = shlex.quote(str(folder))
    wrong = vendored.differences(folder) if is_vendored(root) else [f"{vendored.MANIFEST} is missing"]
    if wrong:
        raise DevError(
            REFUSED, f"{folder}: {wrong[0]}, which would be lost", f"git rm -r --cached {quoted}; rm -r {quoted}"
        )
    shutil.rmtree(folder)
    return folder
