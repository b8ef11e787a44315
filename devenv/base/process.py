"""The one place that starts a process. Tests of everything above replace these functions, and no others."""

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

# File descriptors that every child keeps open. The lock is one: when this process is killed alone, the engine
# command that it started goes on, and so does the lock, until that command has ended (see base/locks.py).
inherited: set[int] = set()
TIMED_OUT = 124  # the exit code that timeout(1) has for it


class Result(NamedTuple):
    """What a finished command left: exit code, for a signal N that ended it 128 + N, and both streams as text."""

    code: int
    stdout: str
    stderr: str


def run(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = (), limit: float | None = None) -> int:
    """Run a command in the open: printed before, timed after, its output passed on. Returns its exit code.

    Its stdout goes to our stderr, since it is progress. After `limit` seconds it is killed, and the code is TIMED_OUT.
    `wrapper` stands before it and is not printed: a namespace, another user.
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

    Ctrl-C is for that command alone: psql ends its query, logs end, and we end when it does.
    """
    echo(argv)
    before = signal.signal(signal.SIGINT, lambda *_: None)  # no SIG_IGN: the command would inherit that
    try:
        return _start([*wrapper, *argv], env).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def capture(
    argv: Sequence[str], env: Mapping[str, str] | None = None, stdin: str = "", shown: Sequence[str] = ()
) -> Result:
    """Run a command that only looks, without printing it; one that does more is `shown`, with its time."""
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
    """Run a command in the open with its stdin from a file, or its stdout to a file for this user alone."""
    echo(argv)
    start = time.monotonic()
    with contextlib.ExitStack() as files:
        into = files.enter_context(open(source, "rb")) if source else subprocess.DEVNULL
        out = files.enter_context(open(target, "wb", opener=private)) if target else subprocess.DEVNULL
        done = _start(argv, env, stdin=into, stdout=out, stderr=subprocess.PIPE)
    output.say(output.paint(f"  {output.seconds(time.monotonic() - start)}", "dim"))
    return Result(done.returncode, "", done.stderr)


def private(path: str, flags: int) -> int:
    """An opener of files for this user alone: rows are nobody else's business."""
    return os.open(path, flags, 0o600)


def collect(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = ()) -> Result:
    """Run a command in the open and keep what it answers on stdout; its stderr is passed on as progress."""
    echo(argv)
    start = time.monotonic()
    done = _start([*wrapper, *argv], env, stdout=subprocess.PIPE)
    output.say(output.paint(f"  {output.seconds(time.monotonic() - start)}", "dim"))
    return Result(done.returncode, done.stdout, "")


def spawn(argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a command that outlives us: a session of its own, no terminal, no lock; it writes to the end of `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def probe(argv: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float) -> bool:
    """Whether a command that only looks ends well within `timeout` seconds; all that it started is ended then."""
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
    """Run a command beside others: its progress goes to a file, its answer is returned."""
    echo(argv)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as progress:
        done = _start(argv, env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=progress)
    return Result(done.returncode, done.stdout, "")


def echo(argv: Sequence[str]) -> None:
    """Show a command as one could type it."""
    output.say(output.paint(f"$ {shlex.join(argv)}", "dim"))


def _start(argv: Sequence[str], env: Mapping[str, str], **streams: Any) -> subprocess.CompletedProcess[str]:
    sys.stdout.flush()  # what we printed stands before what the command prints
    sys.stderr.flush()
    try:
        done = subprocess.run(argv, env=env, text=True, errors="replace", pass_fds=inherited, **streams)
    except FileNotFoundError:
        raise DevError(MISSING, f"{argv[0]}: no such program on the path") from None
    done.returncode = _exit_code(done.returncode)
    return done


def _exit_code(code: int) -> int:
    """As shells have it: Python says -N for a command that signal N ended."""
    return code if code >= 0 else 128 - code
