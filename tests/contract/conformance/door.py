"""Runs commands of a repository without trusting them: no terminal, limited time, limited output."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

FLOOD = 2**20  # bytes of each stream that are kept; the rest is read and dropped
ERROR = re.compile(r"^error\[(\d+)\]: ?(.*)$", re.MULTILINE)
ESCAPE = re.compile(r"\x1b[\[(\]]")


@dataclass(frozen=True)
class Done:
    """A command that ended, or was killed."""

    words: tuple[str, ...]
    exit_code: int
    out: str
    err: str
    seconds: float
    late: bool  # killed, since it took too long

    @property
    def errors(self) -> list[tuple[int, str]]:
        """Its error lines, as code and message."""
        return [(int(code), message) for code, message in ERROR.findall(self.err)]

    @property
    def code(self) -> int:
        """The exit code. make hides it, so it is taken from the error line."""
        return self.errors[-1][0] if self.exit_code and self.errors else self.exit_code

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.late

    @property
    def hints(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("hint: ")]

    def json(self) -> Any:
        """stdout as exactly one JSON value; None if it is something else."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    def __str__(self) -> str:
        """What happened, in a few lines."""
        how = f"did not end within {self.seconds:.0f} s" if self.late else f"ended with {self.code}"
        said = [line for line in self.err.splitlines() if not line.startswith("make")]
        return "\n".join([f"{shlex.join(self.words)} {how}", *(f"  {line}" for line in said[-6:])])


@dataclass(frozen=True)
class Door:
    """How commands are called: `make`, or words before the command, such as `inv`."""

    prefix: tuple[str, ...]
    folder: Path

    def argv(self, words: tuple[str, ...]) -> list[str]:
        task, *rest = words
        if self.prefix == ("make",):
            return ["make", "-s", "-C", str(self.folder), task, *([f"ARGS={shlex.join(rest)}"] if rest else [])]
        return [*self.prefix, *words]

    def run(self, words: tuple[str, ...], env: dict[str, str], limit: float, stdin: str | None = "") -> Done:
        """Run a command to its end, or to its limit in seconds. `stdin` None: it stays open, without an answer."""
        running = Running(self, words, env, stdin)
        late = not running.wait(limit)
        return running.end(late)


class Running:
    """A running command, in a process group of its own, without a terminal."""

    def __init__(self, door: Door, words: tuple[str, ...], env: dict[str, str], stdin: str | None = "") -> None:
        self.words = words
        self.began = time.monotonic()
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            door.argv(words), cwd=door.folder, env=env, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        self.streams = [Stream(self.process.stdout), Stream(self.process.stderr)]
        if stdin is not None:
            threading.Thread(target=self._feed, args=(stdin,), daemon=True).start()

    def wait(self, limit: float) -> bool:
        """Whether it ended in time."""
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill the whole process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self, late: bool) -> Done:
        """The result. Kills the command if it is late. Its children may hold the streams, so those get a moment."""
        seconds = time.monotonic() - self.began
        if late:
            self.kill()
        out, err = (stream.text() for stream in self.streams)
        return Done(self.words, self.process.returncode, out, err, seconds, late)

    def _feed(self, text: str) -> None:
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.write(text.encode())
            self.process.stdin.close()


class Stream:
    """Reads a pipe to its end, and keeps the first FLOOD bytes."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe
        self.pipe, self.kept = pipe, bytearray()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def text(self) -> str:
        self.reader.join(5)
        return bytes(self.kept).decode(errors="replace")

    def _read(self) -> None:
        while chunk := os.read(self.pipe.fileno(), 65536):
            if len(self.kept) < FLOOD:
                self.kept += chunk
