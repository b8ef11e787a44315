"""What people and programs read."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base import events, foreign, output
from devenv.base.errors import DevError


def test_an_error_and_its_hints(capsys: pytest.CaptureFixture[str]) -> None:
    events.error(DevError(112, "app is sick\nlog 1\nlog 2", "inv dev.logs", "or wait"))
    expected = "error[112]: app is sick\n  log 1\n  log 2\nhint: inv dev.logs\nhint: or wait\n"
    assert capsys.readouterr() == ("", expected)


@given(st.integers(1, 255), st.text(), st.lists(st.text(), max_size=2))
def test_an_error_is_exactly_one_error_line(code: int, message: str, hints: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", io.StringIO())
        events.error(DevError(code, f"{message}\nerror[1]: x", *hints, "a\nerror[2]: x"))
        lines = sys.stderr.getvalue().splitlines()  # type: ignore[attr-defined]
    found = [match for match in (re.match(r"error\[(\d+)\]: ", line) for line in lines) if match]
    assert [int(match[1]) for match in found] == [code]
    assert lines[0].startswith(f"error[{code}]: ")
    assert sum(line.startswith("hint: ") for line in lines) == len(hints) + 1
    assert all(line.startswith(("error[", "hint: ", "  ")) for line in lines)


def test_progress_goes_to_stderr_and_data_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    events.note("working")
    events.warn("careful")
    output.data("http://x")
    assert capsys.readouterr() == ("http://x\n", "working\nwarning: careful\n")


def test_an_answer_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    output.answer({"b": "ä", "a": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"b": "ä", "a": [1, None]}


def test_a_table() -> None:
    assert output.table([["SERVICE", "STATE", ""], ["app", "up", ""], ["database", "", "x"]]) == [
        "SERVICE   STATE",
        "app       up",
        "database         x",
    ]
    assert output.table([]) == []


cells = st.text(alphabet="ab", max_size=4)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1)))
def test_every_column_of_a_table_begins_at_one_place(rows: list[list[str]]) -> None:
    lines = output.table(rows)
    assert len(lines) == len(rows)
    width = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    starts = [sum(width[:column]) + 2 * column for column in range(len(width))]
    for line, row in zip(lines, rows):
        assert line == line.rstrip()
        assert [line[start:][: len(cell)] for start, cell in zip(starts, row)] == row


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0, "0 MB"), (2**20, "1 MB"), (96 * 2**20 + 5, "96 MB"), (3 * 2**30, "3072 MB")]
)
def test_sizes_for_people(value: int | None, text: str) -> None:
    assert output.mebibytes(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0.0 s"), (0.44, "0.4 s"), (12.25, "12.2 s"), (90, "90.0 s")])
def test_durations_for_people(value: float, text: str) -> None:
    assert output.seconds(value) == text


def test_somebody_elses_words_lose_their_escape_codes() -> None:
    assert foreign.plain("\x1b[1;31mred\x1b[0m and \x1b[?25lplain [31m") == "red and plain [31m"


def test_a_long_line_is_wrapped_but_no_address_and_no_command_is_broken() -> None:
    text = "catalog: the rows until now are kept: inv dev.restore previous, see http://catalog.localhost:18160/a/b/c"
    assert output.wrapped(text, 40) == [
        "catalog: the rows until now are kept:",
        "  inv dev.restore previous, see",
        "  http://catalog.localhost:18160/a/b/c",
    ]
    assert output.wrapped(text, 0) == [text]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("50 %\r100 %", "100 %"),
        ("\x1b[2K\x1b[1A done\r", " done"),
        ("\x1b]0;title\x07text\x1b]8;;http://x\x1b\\", "text"),
        ("a\x08b\x00", "ab"),
        ("\x1b]52;c;Y3VybA==\x07a", "a"),  # sets the clipboard
        ("\x1bP+q544e\x1b\\a", "a"),
        ("\x1b]0;no end", ""),
        ("\x9b31ma\u202eb", "31mab"),
    ],
)
def test_a_line_of_another_program_is_shown_as_a_terminal_would(line: str, shown: str) -> None:
    assert foreign.visible(line) == shown


def test_of_all_escape_codes_a_terminal_may_get_colours() -> None:
    assert foreign.coloured("\x1b[1;31mred\x1b[0m\x1b[2J\x1b]0;t\x07\x08.") == "\x1b[1;31mred\x1b[0m."


def test_no_event_and_no_answer_does_anything_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\x1b[2J\x1b]0;t\x07\x08\u202eb"
    events.note(evil)
    events.error(DevError(2, evil, evil))
    output.data(evil)
    shown = capsys.readouterr()
    assert shown.err.splitlines() == ["ab", "error[2]: ab", "hint: ab"]
    assert shown.out == "ab\n"


def test_a_command_holds_no_escape_codes(capsys: pytest.CaptureFixture[str]) -> None:
    events.publish(events.COMMAND, argv=("printf", "\x1b[31m%s\n", "a b"))
    assert capsys.readouterr().err == "$ printf '?[31m%s\n' 'a b'\n"
