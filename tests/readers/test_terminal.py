"""The list on a terminal: real steps and commands in a pseudo-terminal, and the screen that a person sees."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO, until
from tests.messages import NOT_HEALTHY_YET, WHOLE_OUTPUT
from tests.screen import Screen

HEAD = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {repo!r})
from devenv.base import events, output, process
from devenv.base.errors import DevError
from devenv.readers import chosen

def wait(name):
    while not Path(name).exists():
        time.sleep(0.02)

def sh(script):
    return process.run(["sh", "-c", script], os.environ)

def run():
{body}

flags = {{*sys.argv[1:]}}
with chosen.reading(flags, ["dev.up"], Path.cwd()):
    try:
        run()
    except DevError as error:
        events.error(error)
        sys.exit(error.code)
    except KeyboardInterrupt:
        events.error(DevError(130, "interrupted"))
        sys.exit(130)
"""
UP = """
    events.note("catalog · workspace main · Docker 28")
    events.planned("will build app (not built yet), migrate (the database is new)", ["build app", "migrate"])
    with events.step("build", "app", "not built yet"):
        sh("for i in 1 2 3 4 5; do echo line $i; done; while ! test -e built; do sleep 0.02; done")
    with events.step("migrate", "", "the database is new") as step:
        step.progress(3 * 2**20, 12 * 2**20, "bytes")
        sh("printf '\\\\033[31mred\\\\033[0m\\\\n'; while ! test -e migrated; do sleep 0.02; done")
    events.result("catalog is up: 1.0 s")
    output.data("http://catalog.localhost:18160")
"""
Run = Callable[..., Screen]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """run(body, *flags, columns=80, TERM="dumb") → the screen of a program with these operations."""
    started: list[Screen] = []

    def run(body: str, *flags: str, columns: int = 80, rows: int = 40, stdout: int = -1, **env: str) -> Screen:
        program = tmp_path / "program.py"
        program.write_text(HEAD.format(repo=str(REPO), body=body))
        argv = [sys.executable, "-B", str(program), *flags]
        started.append(Screen(argv, tmp_path, env, columns, rows, stdout))
        return started[-1]

    yield run
    for screen in started:
        screen.process.kill()


def finished(screen: Screen, folder: Path) -> list[str]:
    """The lines of UP at its end."""
    for name in ("built", "migrated"):
        (folder / name).touch()
    assert screen.end() == 0, screen.text
    return screen.lines


def test_the_list_fills_in(run: Run, tmp_path: Path) -> None:
    screen = run(UP)
    assert screen.shows("line 5", "· migrate")
    at = [line.strip() for line in screen.lines]
    assert at[0] == "catalog · workspace main · Docker 28"
    assert at[1].startswith("$ sh -c 'for i in")
    assert re.fullmatch(r". build app  not built yet +\d\.\d s", at[2])
    assert at[3:] == ["line 3", "line 4", "line 5", "· migrate"], "the last three lines, and what follows"
    (tmp_path / "built").touch()
    assert screen.shows("✓ build app", "red", "3 MB of 12 MB")
    assert "line 5" not in screen.text, "a finished step is one line"
    lines = finished(screen, tmp_path)
    patterns = [
        "catalog · workspace main · Docker 28",
        r"\$ sh -c 'for i in 1 2 3 .* … .*",
        r"✓ build app  not built yet +\d\.\d s",
        r"\$ sh -c 'printf .* … .*",
        r"✓ migrate  the database is new, 3 MB of 12 MB +\d\.\d s",
        r"catalog is up: 1\.0 s",
        "http://catalog\\.localhost:18160",
    ]
    assert len(lines) == len(patterns)
    assert [line for line, pattern in zip(lines, patterns) if not re.fullmatch(pattern, line)] == []


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 132])
def test_no_line_of_the_list_is_wider_than_the_terminal(run: Run, tmp_path: Path, columns: int) -> None:
    screen = run(UP, columns=columns)
    assert screen.shows("line 5")
    assert screen.text.count("line 5") == 1, "the region is drawn over itself, not below"
    lines = finished(screen, tmp_path)
    assert sum(line.startswith("✓") for line in lines) == 2
    assert sum(line.startswith("$ ") for line in lines) == 2, "a command takes one line"
    assert "http://catalog.localhost:18160" in "".join(lines)


@pytest.mark.parametrize(("before", "after"), [(100, 50), (50, 100), (80, 40)])
def test_a_resized_terminal(run: Run, tmp_path: Path, before: int, after: int) -> None:
    screen = run(UP, columns=before)
    assert screen.shows("line 5")
    screen.resize(after, 40)
    (tmp_path / "built").touch()
    assert screen.shows("✓ build app", "migrate")
    lines = finished(screen, tmp_path)
    assert [line for line in lines if line.startswith(("⠋", "·"))] == [], "nothing of the region is left"
    ended = [line for line in lines if line.startswith("✓ migrate")]
    assert [len(line) for line in ended] == [after - 1]


def test_the_log_has_everything(run: Run, tmp_path: Path) -> None:
    finished(run(UP), tmp_path)
    text = (tmp_path / ".dev/local/logs/dev.up.log").read_text()
    for line in ("will build app", "$ sh -c 'for i in 1 2 3 4 5;", "line 1\n", "line 5\n", "catalog is up"):
        assert line in text
    finished(run("    sh('echo other')"), tmp_path)
    assert "line 1" not in (tmp_path / ".dev/local/logs/dev.up.log").read_text(), "the last run only"


def test_without_colours(run: Run, tmp_path: Path) -> None:
    screen = run(UP, NO_COLOR="1")
    lines = finished(screen, tmp_path)
    assert any(line.startswith("✓ build app") for line in lines)
    assert not re.search(rb"\x1b\[[\d;]*m", screen.raw), "neither colours nor bold nor dim"


@pytest.mark.parametrize("term", ["dumb", "unset"])
def test_a_terminal_that_cannot_move_its_cursor_gets_plain_text(run: Run, tmp_path: Path, term: str) -> None:
    screen = run(UP, TERM=term)
    lines = finished(screen, tmp_path)
    assert "will build app (not built yet), migrate (the database is new)" in lines
    assert "line 1" in lines
    assert "✓" not in screen.text


def test_verbose_is_plain_text_without_escape_codes(run: Run, tmp_path: Path) -> None:
    screen = run(UP, "--verbose")
    lines = finished(screen, tmp_path)
    assert {"line 1", "line 5", "red", "catalog is up: 1.0 s"} <= {*lines}
    assert b"\x1b" not in screen.raw


def test_a_terminal_without_these_characters_gets_ascii(run: Run, tmp_path: Path) -> None:
    screen = run(UP, PYTHONIOENCODING="ascii:backslashreplace", columns=60)
    assert screen.shows("line 5", "- migrate")
    lines = finished(screen, tmp_path)
    assert any(line.startswith("* build app") for line in lines)
    assert any(line.startswith("$ sh -c ") and " ... " in line for line in lines)
    assert screen.raw.isascii()
    assert "\\u2" not in screen.text, "no sign of ours was replaced"


def test_the_c_locale(run: Run, tmp_path: Path) -> None:
    lines = finished(run(UP, LANG="C", LC_ALL="C"), tmp_path)
    assert sum(line.startswith(("✓", "*")) for line in lines) == 2


FAILS = """
    events.planned("will build app (x), start app (y)", ["build app", "start app"])
    with events.step("build", "app", "not built yet"):
        with events.step("inner"):
            code = sh("for i in $(seq 30); do echo line $i; done; "
                      "printf '\\\\033]0;title\\\\007\\\\033[31mred\\\\033[0m'; "
                      ": a long command that has to be cut somewhere at 80; exit 3")
            raise DevError(112, f"app: the build ended with {code}", "inv dev.up")
"""


def test_a_failed_step_unfolds(run: Run, tmp_path: Path) -> None:
    screen = run(FAILS)
    assert screen.end() == 112
    lines = [line.strip() for line in screen.lines]
    assert re.fullmatch(r"✗ build app  failed +\d\.\d s", lines[1])
    assert lines[2:22] == [*(f"line {number}" for number in range(12, 31)), "red"]
    whole = "".join(lines[22:])
    assert "a long command that has to be cut somewhere at 80; exit 3" in whole, "the whole command"
    assert lines[-3:] == [
        f"{WHOLE_OUTPUT} .dev/local/logs/dev.up.log",
        "error[112]: app: the build ended with 3",
        "hint: inv dev.up",
    ]
    assert "· start app" not in screen.text
    assert (tmp_path / ".dev/local/logs/dev.up.log").read_text().count("line ") == 30 + 1


def test_an_error_does_not_repeat_the_lines_above_it(run: Run) -> None:
    """The error of a required service has the end of its output, for pipes and programs."""
    screen = run("""
    with events.step("service", "lms"):
        sh("echo one; echo two")
        raise DevError(112, "lms: it failed\\none\\ntwo\\nthree")
""")
    assert screen.end() == 112
    assert screen.lines[-3:-1] == ["error[112]: lms: it failed", "  three"]
    assert [line.strip() for line in screen.lines].count("two") == 1


def test_waiting_is_shown_once_and_is_not_output(run: Run, tmp_path: Path) -> None:
    """It is written to the log that the command's output is read from."""
    body = """
    with events.step("start", "app"):
        import threading
        def wait_and_tell():
            wait("begun")
            events.progress(text="app: not healthy yet (10 s of 60 s)")
            Path("told").touch()
        teller = threading.Thread(target=events.carried(wait_and_tell))
        teller.start()
        sh("echo out; touch begun; until test -e told && test -e go; do sleep 0.02; done")
        teller.join()
        raise DevError(112, "app is not healthy")
"""
    screen = run(body)
    assert screen.shows(NOT_HEALTHY_YET)
    assert screen.text.count(NOT_HEALTHY_YET) == 1
    (tmp_path / "go").touch()
    assert screen.end() == 112
    assert "    out" in screen.lines
    assert NOT_HEALTHY_YET not in screen.text, "the error says it"
    assert (tmp_path / ".dev/local/logs/dev.up.log").read_text().count(NOT_HEALTHY_YET) == 1


def test_ctrl_c_leaves_a_clean_screen(run: Run) -> None:
    screen = run("""
    with events.step("build", "app"):
        sh("echo begun; exec tail -f /dev/null")
""")
    assert screen.shows("begun")
    screen.press("\x03")
    assert screen.end(30) == 130
    assert re.fullmatch(r"✗ build app  interrupted +\d+\.\d s", screen.lines[-2])
    assert screen.lines[-1] == "error[130]: interrupted"
    assert b"\x1b[?25l" not in screen.raw, "the cursor was never hidden, so a killed command leaves it visible"


def test_parallel_steps_have_a_line_each(run: Run, tmp_path: Path) -> None:
    screen = run("""
    from concurrent.futures import ThreadPoolExecutor
    def member(name):
        with events.step(events.SERVICE, name, "v1.0 (01234567)") as step:
            process.background(["sh", "-c", f"echo {name} is busy >&2; while ! test -e go; do sleep 0.02; done"],
                               os.environ, Path(f"{name}.log"), 60, service=name)
            step.text = f"v1.0 (01234567)  http://{name}.localhost:18200"
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: events.carried(member)(name), ["lms", "notes-of-people-and-of-their-friends"]))
""")
    assert screen.shows("lms is busy", "notes-of-people-and-of-their-friends is busy")
    (tmp_path / "go").touch()
    assert screen.end() == 0
    lines = screen.lines
    assert any(
        re.fullmatch(r"✓ lms  v1\.0 \(01234567\)  http://lms\.localhost:18200 +\d+\.\d s", line) for line in lines
    )
    assert "    http://notes-of-people-and-of-their-friends.localhost:18200" in lines, "an address is never cut"
    assert sum(line.startswith("✓") for line in lines) == 2


def test_plain_text_leaves_the_lines_of_required_services_in_their_logs(run: Run, tmp_path: Path) -> None:
    screen = run(
        """
    process.background(["sh", "-c", "echo busy >&2; echo answer"], os.environ, Path("lms.log"), 60, service="lms")
""",
        "--verbose",
    )
    assert screen.end() == 0
    assert "busy" not in screen.lines
    assert (tmp_path / "lms.log").read_text() == "busy\n"


def test_what_gets_the_terminal_gets_it_whole(run: Run) -> None:
    screen = run("""
    with events.step("build", "app"):
        sh("echo built")
    process.attach(["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && printf 'name? ' && read name && echo hi $name"],
                   os.environ)
""")
    assert until(lambda: screen.lines[-1:] == ["name?"]), screen.text
    screen.press("me\n")
    assert screen.end() == 0
    assert screen.lines[-1] == "hi me", screen.raw


def test_stdout_of_a_terminal_stays_data(run: Run, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    screen = run(UP, stdout=writing)
    os.close(writing)
    finished(screen, tmp_path)
    assert os.read(reading, 1000) == b"http://catalog.localhost:18160\n"
    os.close(reading)


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".dev").write_text("a file where the folder should be")
    screen = run(FAILS, TMPDIR=str(tmp_path))
    assert screen.end() == 112
    [log] = tmp_path.glob("dev.up.*.log")
    assert f"{WHOLE_OUTPUT} {log.name}" in screen.text
    assert "line 30" in log.read_text()


def test_rich_is_imported_when_the_first_step_begins(tmp_path: Path) -> None:
    program = HEAD.format(repo=str(REPO), body="    events.note('nothing to do')")
    (tmp_path / "program.py").write_text(program + "\nassert 'rich' not in sys.modules\n")
    screen = Screen([sys.executable, "-B", str(tmp_path / "program.py")], tmp_path, {})
    assert screen.end() == 0, screen.text
    assert not (tmp_path / ".dev").exists(), "and nothing is written"


def test_no_module_but_the_terminal_knows_of_rich() -> None:
    found = subprocess.run(
        ["git", "grep", "-l", "rich[. ]", "--", "devenv/*.py"], cwd=REPO, capture_output=True, text=True
    )
    assert found.stdout.split() == ["devenv/readers/terminal.py"]
