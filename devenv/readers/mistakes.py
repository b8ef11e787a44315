"""Errors that nobody expected: ours, of the service's tasks_local.py, or of tools that are damaged."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from devenv.base import launch, toolcache
from devenv.base.errors import MISSING, UNHEALTHY, DevError


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
    folder = root / ".dev" / "local" / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "error.log"
        file.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    except OSError:  # a folder of another user, a disk that cannot be written to
        handle, name = tempfile.mkstemp(prefix="devenv.", suffix=".error.log")
        file = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write("\n".join(lines))
    return file
