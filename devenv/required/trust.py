"""Whose code this machine runs. A required repository, and the template that it names, bring commands of their own.

The file `${XDG_CONFIG_HOME:-~/.config}/devenv/trusted` has one `HOST/OWNER` on each line. Paths of this machine, and
the owner of this repository and of its template, need no line.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from devenv.base import disk, git, launch, output, process
from devenv.base.errors import MISSING, DevError

URL = r"[a-z+]+://(?:[^@/]*@)?(?P<host>[^/]+)/+(?:(?P<owner>[^/]+)/+)?"
SSH = r"(?:[^@/:]*@)?(?P<host>[^/:]+):(?:(?P<owner>[^/]+)/+)?"

SHORT = {"gh": "github.com", "gl": "gitlab.com", "bb": "bitbucket.org"}  # of cookiecutter

everyone = False  # `--yes`: for this run


def file() -> Path:
    """The list of the machine."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "devenv" / "trusted"


def owner(repo: str) -> str:
    """Host and owner of an address: `github.com/org`; the host alone if it names no owner; empty for a path.

    An address of another form is its own owner.
    """
    if repo.startswith((".", "/", "~", "file:")):
        return ""
    found = re.match(URL, repo) if "://" in repo else re.match(SSH, repo)
    if not found:
        return repo
    host = found["host"].lower()
    return "/".join(filter(None, [SHORT.get(host, host), found["owner"]]))


def check(repo: str, what: str, once: str = "inv dev.up --yes") -> None:
    """DevError 110 if nobody on this machine has agreed to run code of the owner of `repo`. On a terminal, ask.

    `what`: the repository's part, in words. `once`: the command that allows it for one run; empty if there is none.
    """
    new = owner(repo)
    if everyone or not new or new in _known() or new in _ours():
        return
    message = f"{what} {repo} would run with your rights, and {new} is new on this machine"
    if not sys.stdin.isatty():
        line = f"mkdir -p {shlex.quote(str(file().parent))} && echo {shlex.quote(new)} >> {shlex.quote(str(file()))}"
        hints = [f"to allow it: {line}", *([f"to allow all for one run: {once}"] if once else [])]
        raise DevError(MISSING, message, *hints)
    if not output.agreed(f"{message}. Run code of {new} from now on?"):
        raise DevError(MISSING, f"{new} is not allowed to run code on this machine")
    disk.add_line(file(), new)


def _known() -> set[str]:
    with suppress(OSError):
        lines = file().read_text(encoding="utf-8", errors="replace").splitlines()
        return {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    return set()


def _ours() -> set[str]:
    """The owners whose code runs already: of this repository, and of its template."""
    remote = process.capture(git.argv("remote", "get-url", "origin", at=launch.ROOT)).stdout.strip()
    with suppress(OSError, ValueError):
        remote = f"{remote}\n{template((launch.ROOT / '.cruft.json').read_text(encoding='utf-8'))}"
    return {owner(line) for line in remote.splitlines()}


def template(cruft: str) -> str:
    """The template that the text of a .cruft.json names; empty if it names none."""
    with suppress(ValueError, RecursionError):
        found = json.loads(cruft)
        named = found.get("template") if isinstance(found, dict) else None
        return named if isinstance(named, str) else ""
    return ""
