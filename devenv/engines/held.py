"""A container that waits: a first `dev.up` runs its steps in one, made while the database starts (decision 44)."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence

from devenv.base import descriptors, events, patience, process

WAITING = "cat"  # it copies its stdin to its stdout, and ends when its stdin does
WORD = b"it runs\n"
LIMIT = 10.0  # seconds that its start may take; else each step gets a container


class Held:
    """A container whose stdin is a pipe of ours.

    All commands that we start have the pipe, too. So it is removed after `release`, or once this process and the last
    of those commands have ended, however that happened.
    """

    def __init__(self, run: Sequence[str], container: str, env: Mapping[str, str]) -> None:
        """`run`: a command that runs WAITING in a new container of that name."""
        self._run, self._container, self._env = run, container, env
        self._runs: bool | None = None
        self._writing, self._since = -1, 0.0
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def begun(self) -> bool:
        """Whether `begin` was called."""
        return self._started is not None

    def begin(self) -> None:
        """Start it once, without waiting for it."""
        if self._started:
            return
        reading, self._writing = os.pipe()
        os.write(self._writing, WORD)
        quiet, self._since = subprocess.DEVNULL, time.monotonic()
        self._started = subprocess.Popen(self._run, env=self._env, stdin=reading, stdout=subprocess.PIPE, stderr=quiet)
        os.close(reading)
        descriptors.inherited.add(self._writing)

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The command that runs `argv` in it; empty if it did not start."""
        if self._runs is None:
            self.begin()
            self._runs = self._copied() == WORD
            if self._runs:  # reported now, so that it is not among the commands that ran meanwhile
                process.echo(self._run)
                events.publish(events.COMMAND_ENDED, seconds=time.monotonic() - self._since, code=0)
        return ["docker", "exec", self._container, *argv] if self._runs else []

    def release(self) -> None:
        """Let it end, which takes a moment. Nothing runs in it any more."""
        if self._writing >= 0:
            descriptors.close(self._writing)
        self._runs, self._writing = False, -1

    def end(self) -> None:
        """Let it end, and wait until it is removed."""
        self.release()
        if not self._started:
            return
        try:
            patience.within(self._started, patience.GRACE)
        except subprocess.TimeoutExpired:
            patience.end(self._started)

    def _copied(self) -> bytes:
        """The first line of its stdout; empty if it ended, or printed none within LIMIT."""
        out = self._started.stdout if self._started else None
        assert out
        with selectors.DefaultSelector() as waiting:
            waiting.register(out, selectors.EVENT_READ)
            return out.readline() if waiting.select(LIMIT) else b""
