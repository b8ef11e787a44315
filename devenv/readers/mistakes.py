"""Errors that nobody expected: ours, of the service's tasks_local.py, or of tools that are damaged."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from devenv.base import launch, toolcache
from devenv.base.errors import MISSING, UNHEALTHY, DevError
from devenv.readers import log


def error(mistake: Exception, words: Sequence[str], root: Path) -> DevError:
    """An exception as an error that users see; the traceback is in a file that the hint names.

    Damaged tools are error 110: the next command repairs them.
    """
    if damaged := toolcache.damaged():
        hint = "run the command again: it checks all files of the tools, and repairs them"
        return DevError(MISSING, f"the tools are damaged: {damaged}", hint)
    last = traceback.extract_tb(mistake.__traceback__)[-1]
    what = f"{type(mistake).__name__}: {mistake}".splitlines()[0]
    message = f"an error that was not expected, in {Path(last.filename).name}:{last.lineno}: {what}"
    return DevError(UNHEALTHY, message, f"all of it, to report it: {_report(mistake, words, root)}")


def _report(mistake: Exception, words: Sequence[str], root: Path) -> Path:
    """Write what is needed to find the mistake, without variables and their values. Returns the file."""
    lines = [
        f"command: inv {shlex.join(words)}",
        f"tools: {launch.TOOLS}",
        f"Python {sys.version} on {sys.platform}",
        "".join(traceback.format_exception(type(mistake), mistake, mistake.__traceback__)),
    ]
    return log.new_file(root / ".dev" / "local" / "logs" / "error.log", "\n".join(lines))
