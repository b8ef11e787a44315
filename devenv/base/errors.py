"""The one exception that users see as an error message. It is caught in one place, `main`."""

from __future__ import annotations

import errno
import os
import shlex

FOUND = 1  # a check found something: drift, a broken rule, a doctor's finding
USAGE = 2  # the command line makes no sense
MISSING = 110  # an engine, a tool or the network is needed and not available
CONFIG = 111  # dev.yaml, compose.yaml or what a scenario printed is wrong
UNHEALTHY = 112  # a service did not become healthy in time, or a step of its start failed
CONFLICT = 113  # a port, a version or another checkout is in the way
REFUSED = 114  # data would be lost
INTERRUPTED = 130  # 128 + SIGINT, as in shells
# Those that a required service may pass on. Any other one is that of a command of its own.
DOCUMENTED = (FOUND, USAGE, *range(MISSING, REFUSED + 1), INTERRUPTED)

# Hints for what the system refuses, by its number.
LOOK = "look at the folder, and at the disk's free space: ls -la {folder}; df -h {folder}"
FULL = "the disk is full: df -h {folder}; then, for what we keep: inv dev.state prune"
FOREIGN = "it belongs to another user, or may not be written: ls -la {folder}"
FILES = "too many files are open: ulimit -n 4096; then run it again"
SYSTEM = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: FOREIGN,
    errno.EPERM: FOREIGN,
    errno.EROFS: "this disk is mounted read-only: df -h {folder}; mount",
    errno.ENOENT: "another program removed it, or it was never there; run it again: ls -la {folder}",
    errno.EMFILE: FILES,
    errno.ENFILE: FILES,
}


class DevError(Exception):
    """What happened (`message`), and the commands that repair it (`hints`).

    `code` is the exit code: one of the constants above, or the code of the service's own command.
    """

    def __init__(self, code: int, message: str, *hints: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = hints

    @property
    def advice(self) -> tuple[str, ...]:
        """The hints, or else where the code is explained. Below 110, it may be the code of a service's own command,
        which we cannot explain.
        """
        return self.hints or ((f"inv dev.explain {self.code}",) if MISSING <= self.code <= REFUSED else ())


def of_system(error: OSError) -> DevError:
    """A full disk, a folder that is not ours, a file that another program removed."""
    named = isinstance(error.filename, (str, bytes))  # else it is a number, or there is none
    name = os.fsdecode(error.filename) if named else ""
    folder = shlex.quote(os.path.dirname(os.path.abspath(name))) if name else "."
    hint = SYSTEM.get(error.errno or 0, LOOK).format(folder=folder)
    return DevError(MISSING, f"{name}: {error.strerror}" if name else str(error), hint)


def did_you_mean(word: str, allowed: list[str]) -> str:
    """The hint for an unknown word."""
    return f"{guess(word, allowed)}allowed: {', '.join(sorted(allowed)) or 'none'}"


def guess(word: str, allowed: list[str]) -> str:
    """The beginning of a hint: the most similar word, as a question; empty if none is similar."""
    import difflib  # here, since it is slow to import

    close = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {close[0]}? " if close else ""
