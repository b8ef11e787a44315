"""Starts processes. Tests of all other modules replace these functions, and no others.

system/portable.py, which this module needs, and engines/stats.py, which hands a socket over, start one themselves.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Callable, NamedTuple, Optional

from devenv.base import descriptors, events, foreign, patience
from devenv.base.errors import MISSING, DevError

# The file that gets the output of visible commands, where a reader wants it line by line; `main` chooses it. None: they
# write to our stderr.
run_log: Path | None = None
followed = 0  # commands whose output is being read from there
TIMED_OUT = 124  # the same exit code as timeout(1)
EVERY = 0.1  # seconds between two looks at what a command has printed
BYTES = "bytes"
Measure = Callable[[str], Optional[tuple[int, Optional[int], str]]]  # a line → done, total and unit, if it says so


class Result(NamedTuple):
    """The result of a finished command: its exit code (128 + N for signal N), and both streams as text."""

    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    wrapper: Sequence[str] = (),
    limit: float | None = None,
    measure: Measure | None = None,
    cwd: Path | None = None,
) -> int:
    """Run a command visibly: report it, its output and the time it took. Returns its exit code.

    Its stdout goes where its stderr goes, since it is progress. After `limit` seconds it is killed, and the code is
    TIMED_OUT. `wrapper` is put before the command and is not printed: a namespace, another user. `measure` reads
    from the lines how far the command is.
    """
    start = _begun(argv)
    try:
        with _watched(measure) as out:
            code = _start(
                [*wrapper, *argv], env, stdout=out or sys.stderr, stderr=out, timeout=limit, cwd=cwd
            ).returncode
    except subprocess.TimeoutExpired:
        code = TIMED_OUT
    _ended(start, code)
    return code


def attach(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = ()) -> int:
    """Hand the terminal to a command (a shell, a test run, logs). Returns its exit code.

    Only that command handles Ctrl-C: psql ends its query, logs end. This process ends when the command does.
    """
    events.publish(events.ATTACHED, argv=tuple(argv))
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the command would inherit
    try:
        return _start([*wrapper, *argv], env).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def converse(argv: Sequence[str], env: Mapping[str, str]) -> Result:
    """Hand the terminal to a program of ours that may ask something there, and keep its stdout."""
    events.publish(events.ATTACHED, argv=tuple(argv))
    done = _start(argv, env, stdout=subprocess.PIPE)
    return Result(done.returncode, done.stdout, "")


def capture(
    argv: Sequence[str], env: Mapping[str, str] | None = None, stdin: str = "", shown: Sequence[str] = ()
) -> Result:
    """Run a command that changes nothing, without printing it. One that does is printed as `shown`, with its time."""
    start = _begun(shown) if shown else 0.0
    try:
        done = subprocess.run(
            argv, env=env, input=stdin, capture_output=True, text=True, errors="replace", pass_fds=descriptors.inherited
        )
    except FileNotFoundError:
        return Result(127, "", f"{argv[0]}: not found")
    code = _exit_code(done.returncode)
    if shown:
        _ended(start, code)
    return Result(code, done.stdout, done.stderr)


def bounded(argv: Sequence[str], env: Mapping[str, str], silence: float) -> Result:
    """Like `capture`, for a program that others wrote. It is ended after `silence` seconds without output.

    Then the code is TIMED_OUT, and stderr says why.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            return _patiently(argv, env, out, err, [out, err], silence)
        except DevError as error:
            return Result(127, "", error.message)


def measured(argv: Sequence[str], env: Mapping[str, str], measure: Measure, silence: float) -> Result:
    """Like `bounded`, and report how far the command is, read from its stderr. Its stdout is not kept."""
    with tempfile.NamedTemporaryFile(delete=False) as log, _followed(Path(log.name), 0, measure, lines=False):
        os.unlink(log.name)  # both ends have it open; a file with a name would stay if this process is killed
        try:
            done = _patiently(argv, env, subprocess.DEVNULL, log, [log], silence)
        except DevError as error:
            return Result(127, "", error.message)
    return done._replace(stderr="\n".join(map(foreign.visible, done.stderr.splitlines())))


def pipe(argv: Sequence[str], env: Mapping[str, str], source: Path | str | None, target: Path | None) -> Result:
    """Run a command visibly with its stdin from a file, or its stdout to a file that only this user can read.

    `source`: a file, or the text itself.
    """
    start = _begun(argv)
    with contextlib.ExitStack() as files:
        into = files.enter_context(_input(source))
        out = files.enter_context(open(target, "wb", opener=private)) if target else None
        files.enter_context(_counted(into, out))
        streams = {"stdin": into or subprocess.DEVNULL, "stdout": out or subprocess.DEVNULL}
        done = _start(argv, env, stderr=subprocess.PIPE, **streams)
    _ended(start, done.returncode)
    return Result(done.returncode, "", done.stderr)


@contextlib.contextmanager
def _input(source: Path | str | None) -> Iterator[IO[bytes] | None]:
    """A file to read from. That of a text has no name, so it does not stay if this process is killed."""
    if isinstance(source, str):
        with tempfile.TemporaryFile() as text:
            text.write(source.encode())
            text.seek(0)
            yield text
    elif source:
        with source.open("rb") as file:
            yield file
    else:
        yield None


def private(path: str, flags: int) -> int:
    """An opener for files that only this user can read, since they hold rows of a database."""
    return os.open(path, flags, 0o600)


def collect(argv: Sequence[str], env: Mapping[str, str], *, wrapper: Sequence[str] = ()) -> Result:
    """Run a command visibly and keep its stdout; its stderr is passed on as progress."""
    start = _begun(argv)
    with _watched() as out:
        done = _start([*wrapper, *argv], env, stdout=subprocess.PIPE, stderr=out)
    _ended(start, done.returncode)
    return Result(done.returncode, done.stdout, "")


def begin(argv: Sequence[str], env: Mapping[str, str]) -> Callable[[], Result]:
    """Begin a command that changes nothing, next to others. The returned function waits for its result.

    Only then it is reported, with its output and its own time: its lines are not among those of the others.
    """
    start = time.monotonic()
    begun = ThreadPoolExecutor(max_workers=1).submit(lambda: (capture(argv, env), time.monotonic() - start))

    def result() -> Result:
        done, seconds = begun.result()
        echo(argv)
        for line in done.stderr.splitlines():
            events.publish(events.LINE, foreign.visible(line))
        events.publish(events.COMMAND_ENDED, seconds=seconds, code=done.code)
        return done

    return result


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
        return patience.within(started, timeout) == 0
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        return False


def background(
    argv: Sequence[str], env: Mapping[str, str], log: Path, silence: float, *, service: str = "", shown: bool = True
) -> Result:
    """Run a command of others in parallel: its progress goes to a file, its answer is returned.

    It is ended after `silence` seconds without output. Then the code is TIMED_OUT, and the last line of
    stderr says why.
    `service`: whose command it is; its lines are reported as those of that service, and plain text leaves them out.
    `shown`: it changes something, so it is reported before it runs.
    """
    if shown:
        echo(argv)
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as files:
        err, out = files.enter_context(log.open("w+")), files.enter_context(tempfile.TemporaryFile())
        files.enter_context(_followed(log, service=service) if run_log else contextlib.nullcontext())
        return _patiently(argv, env, out, err, [out, err], silence)


def read(argvs: Sequence[Sequence[str]], env: Mapping[str, str], take: Callable[[int, str], None]) -> int:
    """Run commands at once, and hand over each line that they print, with the command's place; their stderr is ours.

    Ctrl-C ends the commands, and then this function ends. Returns the highest exit code.
    """
    for argv in argvs:
        events.publish(events.ATTACHED, argv=tuple(argv))
    before = signal.signal(signal.SIGINT, lambda *_: None)  # as in `attach`
    started: list[subprocess.Popen[bytes]] = []
    try:
        for argv in argvs:  # one by one: if the second cannot start, the first must be ended
            started += [subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, pass_fds=descriptors.inherited)]
        _hand_over(started, take)
    except FileNotFoundError as error:
        raise DevError(MISSING, f"{error.filename}: no such program on the path") from None
    finally:
        for each in started:
            if each.stdout:
                each.stdout.close()  # a command that still runs ends at its next line
            each.terminate()
            each.wait()
        signal.signal(signal.SIGINT, before)
    return max((_exit_code(each.returncode) for each in started), default=0)


def _hand_over(started: Sequence[subprocess.Popen[bytes]], take: Callable[[int, str], None]) -> None:
    """Hand over the lines of running commands until all have closed their stdout."""
    rests = [b""] * len(started)
    with selectors.DefaultSelector() as waiting:
        for at, each in enumerate(started):
            waiting.register(each.stdout or -1, selectors.EVENT_READ, at)
        while waiting.get_map():
            for key, _ in waiting.select():
                new = os.read(key.fd, 2**16)
                *lines, rests[key.data] = (rests[key.data] + new).split(b"\n")
                if not new:
                    waiting.unregister(key.fileobj)
                    lines = [rests[key.data]] if rests[key.data] else []
                for line in lines:
                    take(key.data, line.decode(errors="replace"))
    for each in started:
        each.wait()


def echo(argv: Sequence[str]) -> None:
    """Report a command that is about to run, so that it can be pasted into a shell."""
    events.publish(events.COMMAND, argv=tuple(argv))


def _begun(argv: Sequence[str]) -> float:
    echo(argv)
    return time.monotonic()


def _ended(start: float, code: int) -> None:
    events.publish(events.COMMAND_ENDED, seconds=time.monotonic() - start, code=code)


@contextlib.contextmanager
def _watched(measure: Measure | None = None) -> Iterator[Any]:
    """Where a visible command writes: to our stderr (None), or to the log of this run, whose new lines are reported.

    A file and not a pipe: if only this process is killed, the command goes on, and nothing stops it at its next line.
    """
    global followed
    if not run_log:
        yield None
        return
    followed += 1
    try:
        with run_log.open("ab") as out, _followed(run_log, out.tell(), measure):
            yield out
    finally:
        followed -= 1


@contextlib.contextmanager
def _followed(
    log: Path, start: int = 0, measure: Measure | None = None, *, lines: bool = True, service: str = ""
) -> Iterator[None]:
    """Report each line that a command appends to a file during the block; without `lines`, only how far it is."""
    with log.open("rb") as text:
        text.seek(start)
        rest = b""

        def told(line: str) -> None:
            if measure and (found := measure(line)):
                events.progress(*found)

        def read(last: bool = False) -> None:
            nonlocal rest
            *whole, rest = (rest + text.read()).split(b"\n")
            for line in [*whole, *([rest] if last and rest else [])]:
                shown = foreign.visible(line.decode(errors="replace"))
                if lines:
                    events.publish(events.LINE, shown, service=service)
                told(shown)
            if b"\r" in rest:  # a line that the command writes again and again
                told(foreign.visible(rest.decode(errors="replace")))

        try:
            with events.meanwhile(read, EVERY):
                yield
        finally:
            read(last=True)


@contextlib.contextmanager
def _counted(into: IO[bytes] | None, out: IO[bytes] | None) -> Iterator[None]:
    """Report how many bytes a command has read or written: it shares the file's position with us."""

    def count() -> None:
        if into:
            events.progress(os.lseek(into.fileno(), 0, os.SEEK_CUR), os.fstat(into.fileno()).st_size, BYTES)
        elif out:
            events.progress(os.fstat(out.fileno()).st_size, None, BYTES)

    with events.meanwhile(count, EVERY):
        yield
    count()


def _patiently(
    argv: Sequence[str], env: Mapping[str, str], out: Any, err: IO[Any], written: Sequence[IO[Any]], silence: float
) -> Result:
    """Run a program that others wrote, with its output in files: a process that it leaves does not hold us."""
    sys.stderr.flush()
    try:
        started = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=descriptors.inherited
        )
    except FileNotFoundError:
        raise DevError(MISSING, f"{argv[0]}: no such program on the path") from None
    why = patience.wait(started, written, silence)
    texts = [_text(file) if file in written else "" for file in (out, err)]
    if why:
        patience.end(started)
        return Result(TIMED_OUT, "", f"{texts[1]}\n{why}")
    return Result(_exit_code(started.returncode), *texts)


def _text(file: IO[Any]) -> str:
    """The beginning of what was written to a file, as long as a program may print."""
    return os.pread(file.fileno(), patience.MOST, 0).decode(errors="replace")


def _start(argv: Sequence[str], env: Mapping[str, str], **streams: Any) -> subprocess.CompletedProcess[str]:
    sys.stdout.flush()  # our output comes before the command's
    sys.stderr.flush()
    try:
        done = subprocess.run(argv, env=env, text=True, errors="replace", pass_fds=descriptors.inherited, **streams)
    except FileNotFoundError:
        raise DevError(MISSING, f"{argv[0]}: no such program on the path") from None
    done.returncode = _exit_code(done.returncode)
    return done


def _exit_code(code: int) -> int:
    """As in shells. For a command that signal N ended, Python has -N."""
    return code if code >= 0 else 128 - code
