"""Events: steps that nest, fail and run in threads, and their two forms for programs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devenv.base import events
from devenv.base.errors import DevError
from devenv.base.events import Event
from devenv.readers import chosen, report
from devenv.readers.log import Log
from tests.messages import NOT_BUILT


@pytest.fixture
def seen() -> Iterator[list[Event]]:
    found: list[Event] = []
    with events.read_by(found.append):
        yield found


def test_steps_nest(seen: list[Event]) -> None:
    with events.step("restore", "db", "why") as outer:
        events.note("begun")
        with events.step("migrate") as inner:
            events.note("migrating")
        events.note("ended")
    assert [(event.kind, event.step, event.parent) for event in seen] == [
        ("step-began", outer.number, 0),
        ("note", outer.number, 0),
        ("step-began", inner.number, outer.number),
        ("note", inner.number, 0),
        ("step-ended", inner.number, outer.number),
        ("note", outer.number, 0),
        ("step-ended", outer.number, 0),
    ]


@pytest.mark.parametrize(
    ("failure", "code"), [(DevError(112, "sick"), 112), (KeyboardInterrupt(), 130), (OSError("disk"), None)]
)
def test_a_step_fails_with_its_block(seen: list[Event], failure: BaseException, code: int | None) -> None:
    with pytest.raises(type(failure)), events.step("build"):
        raise failure
    assert [event.kind for event in seen] == ["step-began", "step-failed"]
    assert seen[-1].code == code
    assert seen[-1].seconds is not None


def test_a_thread_has_the_step_that_it_was_handed(seen: list[Event]) -> None:
    with events.step("around") as around, ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(events.carried(events.note), str(number)) for number in range(20)]:
            future.result()
        pool.submit(events.note, "on its own").result()
    steps = {event.text: event.step for event in seen if event.kind == "note"}
    assert steps.pop("on its own") == 0
    assert {*steps.values()} == {around.number}
    assert len(steps) == 20


def test_each_call_of_a_stepped_function_is_a_step(seen: list[Event]) -> None:
    @events.stepped("copy", "the database")
    def copy(number: int) -> int:
        return number + 1

    assert (copy(1), copy.__name__) == (2, "copy")
    assert [(event.kind, event.name, event.text) for event in seen] == [
        ("step-began", "copy", "the database"),
        ("step-ended", "copy", "the database"),
    ]


def test_a_report_has_the_outer_steps_and_the_lines_of_the_inner_one_that_failed() -> None:
    kept = report.Report()
    with events.read_by(kept):
        with events.step("build", "app", NOT_BUILT):
            events.publish(events.LINE, "fine")
        with pytest.raises(DevError):
            fail()
        events.error(DevError(112, "no", "hint"))
    answer = json.loads(json.dumps(kept.failure(112)))
    assert answer["steps"] == ["build app"]
    assert [(step["name"], step["result"]) for step in answer["timeline"]] == [("build", "done"), ("migrate", "failed")]
    assert answer["error"] == {"code": 112, "message": "no", "hints": ["hint"], "log": [str(n) for n in range(10, 30)]}


def fail() -> None:
    with events.step("migrate"), events.step("check"):
        for number in range(30):
            events.publish(events.LINE, str(number))
        raise DevError(112, "no", "hint")


def test_events_leave_out_what_is_empty(seen: list[Event]) -> None:
    events.publish(events.COMMAND_ENDED, seconds=1.23456, code=0)
    assert {**seen[0].as_dict(), "time": 0} == {"kind": "command-ended", "time": 0, "seconds": 1.235, "code": 0}


@pytest.mark.parametrize(
    ("words", "rest", "flags"),
    [
        (["dev.up", "--verbose", "--json"], ["dev.up", "--json"], {"--verbose"}),
        (["dev.up", "--events", "dev.test"], ["dev.up", "dev.test"], {"--events"}),
        (["greet", "--verbose"], ["greet", "--verbose"], set()),
        ([], [], set()),
    ],
)
def test_flags_of_all_our_commands(words: list[str], rest: list[str], flags: set[str]) -> None:
    """A task of tasks_local.py may have a flag of that name."""
    assert chosen.without_flags(words) == (rest, flags)


def test_git_ignores_the_folder_of_logs_on_any_branch(tmp_path: Path) -> None:
    """On a branch without .dev/.gitignore, `git add .` must not take what this machine alone needs."""
    run = ["git", "-C", str(tmp_path)]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    log = Log(tmp_path / ".dev/local/logs/dev.up.log")
    log(Event(events.STEP_BEGAN, name="build"))
    log.close()
    (tmp_path / ".dev/local/native").mkdir()
    (tmp_path / ".dev/local/native/made").touch()
    assert log.path.is_file()
    assert subprocess.run([*run, "status", "--short"], capture_output=True, check=True).stdout == b""
