"""The one exception that users see as an error message. It is caught in one place, `main`."""

from __future__ import annotations

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
    """A full disk, a folder that is not ours."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return DevError(MISSING, what, "check the disk's free space and the folder's owner: df -h; ls -ld")


def did_you_mean(word: str, allowed: list[str]) -> str:
    """The hint for an unknown word."""
    return f"{guess(word, allowed)}allowed: {', '.join(sorted(allowed)) or 'none'}"


def guess(word: str, allowed: list[str]) -> str:
    """The beginning of a hint: the most similar word, as a question; empty if none is similar."""
    import difflib  # here, since it is slow to import

    close = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {close[0]}? " if close else ""
