"""The log of a run: its whole text in one file for each command, `.dev/local/logs/dev.up.log`. The last run only."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from devenv.base import events, output, process
from devenv.base.events import Event

STARTS = (events.COMMAND, events.STEP_BEGAN)


class Log:
    """A reader that writes events as plain text. Child processes append their output to the same file themselves.

    The file is made when the first step or command begins, so that commands that only look write nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._early: list[str] = []
        self._begun = False

    def __call__(self, event: Event) -> None:
        if event.kind == events.LINE:
            return
        if event.kind in STARTS and not self._begun:
            self._begin()
        self._early += output.lines(event)
        if not process.followed:  # what is written now would be read as the output of the command that runs
            self._write()

    def close(self) -> None:
        """The end of the run: later commands of this process do not write to its file."""
        self._write()
        if self._begun:
            process.run_log = None

    def _begin(self) -> None:
        self._begun = True
        self.path = new_file(self.path)
        process.run_log = self.path

    def _write(self) -> None:
        if not self._begun:
            return
        with contextlib.suppress(OSError):  # a full disk: the command itself reports it
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(f"{line}\n" for line in self._early)
            self._early = []


def new_file(path: Path, text: str = "") -> Path:
    """Write a file of this run into the folder of logs, or if that fails a temporary one. Returns where it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _ignored(path.parent.parent)
        path.unlink(missing_ok=True)  # another run that still writes to it keeps its own file
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError:  # a folder of another user, a disk that cannot be written to
        handle, name = tempfile.mkstemp(prefix=f"{path.stem}.", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        return Path(name)
    return path


def _ignored(local: Path) -> None:
    """Let git ignore the folder of a checkout's own files by itself: on a branch without .dev/.gitignore, too."""
    ignore = local / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
