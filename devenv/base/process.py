"""The only module that starts processes. Tests of all other modules replace these functions, and no others."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import output
from devenv.base.errors import MISSING, DevError

# File descriptors that every child inherits, such as the lock's. If only this process is killed, its engine command
# goes on, and keeps the lock until it has ended (see base/locks.py).
inherited: set[int] = set()
TIMED_OUT = 124  # the same exit code as timeout(1)


class Result(NamedTuple):
    """The result of a finished command: its exit code (128 + N for signal N), and both streams as text."""

    code: int
    stdout: str
    stderr: str


def run(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = (), limit: float | None = None) -> int:
    """Run a command visibly: print it, pass its output on, print the time it took. Returns its exit code.

    Its stdout goes to our stderr, since it is progress. After `limit` seconds it is killed, and the code is TIMED_OUT.
    `wrapper` is put before the command and is not printed: a namespace, another user.
    """
    echo(argv)
    start = time.monotonic()
    try:
        code = _start([*wrapper, *argv], env, stdout=sys.stderr, timeout=limit).returncode
    except subprocess.TimeoutExpired:
        code = TIMED_OUT
    took = output.seconds(time.monotonic() - start)
    output.say(output.paint(f"  {took}" if code == 0 else f"  exit {code} after {took}", "dim"))
    return code


def attach(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = ()) -> int:
    """Hand the terminal to a command (a shell, a test run, logs). Returns its exit code.

    Only that command handles Ctrl-C: psql ends its query, logs end. This process ends when the command does.
    """
    echo(argv)
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the command would inherit
    try:
        return _start([*wrapper, *argv], env).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def capture(
    argv: Sequence[str], env: Mapping[str, str] | None = None, stdin: str = "", shown: Sequence[str] = ()
) -> Result:
    """Run a command that changes nothing, without printing it. One that does is printed as `shown`, with its time."""
    if shown:
        echo(shown)
    start = time.monotonic()
    try:
        done = subprocess.run(
            argv, env=env, input=stdin, capture_output=True, text=True, errors="replace", pass_fds=inherited
        )
    except FileNotFoundError:
        return Result(127, "", f"{argv[0]}: not found")
    if shown:
        output.say(output.paint(f"  {output.seconds(time.monotonic() - start)}", "dim"))
    return Result(_exit_code(done.returncode), done.stdout, done.stderr)


def pipe(argv: Sequence[str], env: Mapping[str, str], source: Path | None, target: Path | None) -> Result:
    """Run a command visibly with its stdin from a file, or its stdout to a file that only this user can read."""
    echo(argv)
    start = time.monotonic()
    with contextlib.ExitStack() as files:
        into = files.enter_context(open(source, "rb")) if source else subprocess.DEVNULL
        out = files.enter_context(open(target, "wb", opener=private)) if target else subprocess.DEVNULL
        done = _start(argv, env, stdin=into, stdout=out, stderr=subprocess.PIPE)
    output.say(output.paint(f"  {output.seconds(time.monotonic() - start)}", "dim"))
    return Result(done.returncode, "", done.stderr)


def private(path: str, flags: int) -> int:
    """An opener for files that only this user can read, since they hold rows of a database."""
    return os.open(path, flags, 0o600)


def collect(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = ()) -> Result:
    """Run a command visibly and keep its stdout; its stderr is passed on as progress."""
    echo(argv)
    start = time.monotonic()
    done = _start([*wrapper, *argv], env, stdout=subprocess.PIPE)
    output.say(output.paint(f"  {output.seconds(time.monotonic() - start)}", "dim"))
    return Result(done.returncode, done.stdout, "")


def spawn(argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a command that outlives this process: in a new session, without terminal or lock. It appends to `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def probe(argv: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float) -> bool:
    """Whether a command that changes nothing succeeds within `timeout` seconds. Everything it started is then ended."""
    quiet = subprocess.DEVNULL
    try:
        started = subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        return False
    try:
        return started.wait(timeout) == 0
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        return False


def background(argv: Sequence[str], env: Mapping[str, str], log: Path) -> Result:
    """Run a command in parallel with others: its progress goes to a file, its answer is returned."""
    echo(argv)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as progress:
        done = _start(argv, env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=progress)
    return Result(done.returncode, done.stdout, "")


def echo(argv: Sequence[str]) -> None:
    """Print a command so that it can be pasted into a shell."""
    output.say(output.paint(f"$ {shlex.join(argv)}", "dim"))


def _start(argv: Sequence[str], env: Mapping[str, str], **streams: Any) -> subprocess.CompletedProcess[str]:
    sys.stdout.flush()  # our output comes before the command's
    sys.stderr.flush()
    try:
        done = subprocess.run(argv, env=env, text=True, errors="replace", pass_fds=inherited, **streams)
    except FileNotFoundError:
        raise DevError(MISSING, f"{argv[0]}: no such program on the path") from None
    done.returncode = _exit_code(done.returncode)
    return done


def _exit_code(code: int) -> int:
    """As in shells. For a command that signal N ended, Python has -N."""
    return code if code >= 0 else 128 - code
