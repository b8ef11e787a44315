"""A pseudo-terminal with a real command in it, and its screen as a person sees it (pyte is the terminal)."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Sequence
from pathlib import Path

import pyte

from tests.conftest import until


class Screen:
    """`raw` is all that the command wrote; `lines` what is on the screen, with what was scrolled away above it."""

    def __init__(
        self, argv: Sequence[str], cwd: Path, env: dict[str, str], columns: int = 80, rows: int = 40, stdout: int = -1
    ) -> None:
        self.raw = b""
        self.screen = pyte.HistoryScreen(columns, rows, history=1000, ratio=0.5)
        self._feed = pyte.ByteStream(self.screen)
        self._master, terminal = pty.openpty()
        self._size(columns, rows)
        self._lock = threading.Lock()
        given = {**os.environ, "TERM": "xterm-256color", "PWD": str(cwd), **env}
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={name: value for name, value in given.items() if value != "unset"},
            stdin=terminal,
            stdout=terminal if stdout < 0 else stdout,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches the command
        )
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        with self._lock:
            above = [
                "".join(line[column].data for column in range(self.screen.columns)) for line in self.screen.history.top
            ]
            found = [line.rstrip() for line in [*above, *self.screen.display]]
        while found and not found[-1]:
            found.pop()
        return found

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def shows(self, *words: str, seconds: float = 60) -> bool:
        """Whether the screen shows all these words in time."""
        return until(lambda: all(word in self.text for word in words), seconds)

    def resize(self, columns: int, rows: int) -> None:
        """What a person does with the window's corner."""
        with self._lock:
            self._size(columns, rows)
            self.screen.resize(rows, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self, seconds: float = 300) -> int:
        """Wait for the command's end; its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(30)
        return code

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:  # Linux's way to say that the other end was closed
                return
            if not chunk:
                return
            with self._lock:
                self.raw += chunk
                self._feed.feed(chunk)
