"""The one place that starts a process, with real ones."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from devenv.base import events, process
from devenv.base.events import Event
from tests.conftest import REPO, until


def test_a_command_that_takes_too_long_is_ended(capfd: pytest.CaptureFixture[str]) -> None:
    argv = ["sh", "-c", "echo pid $$; exec tail -f /dev/null"]
    assert process.run(argv, os.environ, limit=0.5) == process.TIMED_OUT
    said = capfd.readouterr().err
    assert "exit 124 after " in said
    [pid] = [int(line.split()[1]) for line in said.splitlines() if line.startswith("pid ")]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_ends_in_time_keeps_its_exit_code() -> None:
    assert process.run(["sh", "-c", "exit 7"], os.environ, limit=60) == 7


# ---- read line by line


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """What is reported while a log gets the output of visible commands."""
    (tmp_path / "log").touch()
    monkeypatch.setattr(process, "run_log", tmp_path / "log")
    found: list[Event] = []
    with events.read_by(found.append):
        yield found


def texts(seen: list[Event], kind: str = events.LINE) -> list[str]:
    return [event.text for event in seen if event.kind == kind]


def test_each_line_of_both_streams_is_reported(seen: list[Event]) -> None:
    script = r"echo one; echo two >&2; printf '\033[31mthree\033[0m\n10 %%\r20 %%\n'; printf 'no end'"
    assert process.run(["sh", "-c", script], os.environ) == 0
    assert texts(seen) == ["one", "two", "three", "20 %", "no end"]
    assert [event.kind for event in seen][:: len(seen) - 1] == [events.COMMAND, events.COMMAND_ENDED]


def test_what_is_collected_is_not_reported(seen: list[Event]) -> None:
    done = process.collect(["sh", "-c", "echo answer; echo progress >&2"], os.environ)
    assert done.stdout == "answer\n"
    assert texts(seen) == ["progress"]


def test_a_command_that_was_begun_is_reported_once_it_is_waited_for(seen: list[Event]) -> None:
    result = process.begin(["sh", "-c", "echo answer; echo progress >&2; exit 3"], os.environ)
    assert process.run(["echo", "the other one"], os.environ) == 0
    before = [event.text for event in seen if event.kind == events.LINE]
    assert result() == process.Result(3, "answer\n", "progress\n")
    assert before == ["the other one"]
    assert [(e.kind, e.text, e.code) for e in seen[-3:]] == [
        (events.COMMAND, "", None),
        (events.LINE, "progress", None),
        (events.COMMAND_ENDED, "", 3),
    ]


def test_lines_belong_to_their_step(seen: list[Event]) -> None:
    with events.step("migrate") as step:
        process.run(["echo", "hello"], os.environ)
    [line] = [event for event in seen if event.kind == events.LINE]
    assert line.step == step.number


def test_a_child_outlives_this_process_and_what_it_starts_does_not_hold_it(seen: list[Event]) -> None:
    """A file has no other end: nobody waits for a grandchild that keeps it open."""
    start = time.monotonic()
    assert process.run(["sh", "-c", "sleep 300 & echo pid $!"], os.environ) == 0
    assert time.monotonic() - start < 200
    os.kill(int(texts(seen)[0].split()[1]), signal.SIGKILL)


def test_a_file_that_is_read_says_how_many_bytes(seen: list[Event], tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(b"x" * 100_000)
    script = "head -c 40000 >/dev/null; while ! test -e go; do sleep 0.02; done; cat >/dev/null"
    threading.Timer(0.5, (tmp_path / "go").touch).start()
    assert process.pipe(["sh", "-c", f"cd {tmp_path}; {script}"], os.environ, tmp_path / "dump", None).code == 0
    told = [(event.done, event.total, event.unit) for event in seen if event.kind == events.STEP_PROGRESSED]
    assert told[-1] == (100_000, 100_000, "bytes")
    assert any(0 < (done or 0) < 100_000 for done, *_ in told)


def test_a_file_that_is_written_says_how_many_bytes(seen: list[Event], tmp_path: Path) -> None:
    assert process.pipe(["printf", "12345"], os.environ, None, tmp_path / "dump").code == 0
    assert [event.done for event in seen if event.kind == events.STEP_PROGRESSED][-1] == 5


def test_a_line_that_is_written_again_and_again_is_measured(seen: list[Event]) -> None:
    amounts = [r"printf '10%% (1/10)\r'", r"printf '50%% (5/10)\r'"]
    script = "; sleep 0.4; ".join([*amounts, "echo; echo no; exit 3"])

    def measure(line: str) -> tuple[int, int | None, str] | None:
        found = re.search(r"\((\d+)/(\d+)\)", line)
        return (int(found[1]), int(found[2]), "objects") if found else None

    done = process.measured(["sh", "-c", f"({script}) >&2"], os.environ, measure, 60)
    assert (done.code, done.stderr.splitlines()[-1]) == (3, "no")
    told = [(event.done, event.total) for event in seen if event.kind == events.STEP_PROGRESSED]
    assert {(1, 10), (5, 10)} == {*told}
    assert texts(seen) == texts(seen, events.COMMAND) == [], "it is not printed"


# ---- killed


HANDS_OVER = {
    "pipe": "process.pipe(['sh', '-c', 'cat; exec sleep 60'], os.environ, 'a text', None)",
    "measured": "process.measured(['sh', '-c', 'echo a text; exec sleep 60'], os.environ, print, 60)",
}


@pytest.mark.parametrize("function", HANDS_OVER)
def test_a_killed_process_leaves_no_temporary_file(function: str, tmp_path: Path) -> None:
    code = f"import os; from devenv.base import process; {HANDS_OVER[function]}"
    argv = [sys.executable, "-c", code]
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPO)}
    started = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, start_new_session=True)
    assert until(lambda: any("sleep" in words for words in children(started.pid)))
    os.killpg(started.pid, signal.SIGKILL)
    started.communicate()
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_the_input(tmp_path: Path) -> None:
    assert process.pipe(["cat"], os.environ, "ein Übungstext", tmp_path / "out").code == 0
    assert (tmp_path / "out").read_text() == "ein Übungstext"


def children(pid: int) -> list[list[str]]:
    """The words of each child of a process."""
    found = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.Error):
            found.append(child.cmdline())
    return found
