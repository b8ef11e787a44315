"""The daily verbs: logs, shell, run, dbshell, test."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.conftest import until
from tests.messages import DID_YOU_MEAN, ENDED_WITH
from tests.verbs.fixtures import COMPOSE
from tests.verbs.repo import Repo

CTRL_C = "\x03"
Talk = list[tuple[str, str]]


def on_terminal(repo: Repo, *words: str, talk: Talk) -> tuple[int, str]:
    """Exit code and screen of a command that somebody answers: each time the pattern of what it shows at its end, and
    what is typed then."""
    ours, theirs = pty.openpty()
    # A terminal of no size is too small for any answer, and psql would open a pager.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = repo.start(*words, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal)
    os.close(theirs)
    screen, seen, todo = "", 0, list(talk)
    for chunk in chunks(ours):
        screen += chunk
        if todo and re.search(todo[0][0] + r"\s*(\x1b\S*\s*)?$", screen[seen:]):
            os.write(ours, todo.pop(0)[1].encode())
            seen = len(screen)
    os.close(ours)
    return process.wait(), screen


def own_terminal() -> None:
    """Without this a terminal that was handed over sends no signal when Ctrl-C is typed."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def chunks(terminal: int) -> Iterator[str]:
    """What appears on a terminal until its last user leaves, which Linux calls an input/output error."""
    with suppress(OSError):
        while chunk := os.read(terminal, 4096):
            yield chunk.decode(errors="replace")


def test_logs_of_all_and_of_one(running: Repo) -> None:
    running.fetch("/api/courses")
    assert "database system is ready" in running.ok("dev.logs").stdout
    app = running.ok("dev.logs", "-s", "app").stdout
    assert "/api/courses" in app
    assert "database system is ready" not in app


def test_logs_tail_counts_lines(running: Repo) -> None:
    running.fetch("/api/courses")
    assert len(running.ok("dev.logs", "-s", "app", "--tail", "1").stdout.splitlines()) == 1
    assert "--tail few" in running.fails(2, "dev.logs", "--tail", "few").error


def test_logs_leave_out_checkpoints_unless_asked(running: Repo) -> None:
    running.ok("dev.dbshell", "--", "-U", "devenv", "-qc", "CHECKPOINT")
    assert until(lambda: "checkpoint complete" in running.ok("dev.logs", "-s", "db", "--all").stdout)
    done = running.ok("dev.logs", "-s", "db")
    assert "checkpoint" not in done.stdout
    assert "database system is ready" in done.stdout
    assert "to see all: inv dev.logs --all" in done.stderr
    assert running.ok("dev.logs", "-s", "db", "--tail", "3").stdout.count("\n") == 3


def test_logs_with_a_word(running: Repo) -> None:
    running.fetch("/api/courses")
    lines = running.ok("dev.logs", "--grep", "get /api/courses").stdout.splitlines()
    assert lines
    assert [line for line in lines if "GET /api/courses" not in line] == []
    assert running.ok("dev.logs", "--grep", "Get /api/courses").stdout == "", "with a capital letter, case counts"
    assert running.fails(2, "dev.logs", "--grep", "(").hints == ["--grep '\\('"]


def test_logs_since(running: Repo) -> None:
    running.ok("dev.restart", "-s", "db")
    assert "ready to accept connections" in running.ok("dev.logs", "-s", "db", "--since", "10m").stdout
    assert until(lambda: running.ok("dev.logs", "-s", "db", "--since", "9s").stdout == "")
    running.run("dev.dbshell", "--", "-c", "SELECT no_such_column")
    recent = running.ok("dev.logs", "-s", "db", "--since", "8s").stdout
    assert "no_such_column" in recent
    assert "ready to accept connections" not in recent
    assert "is not a duration" in running.fails(2, "dev.logs", "--since", "soon").error


def test_logs_follow_with_a_filter_on_a_terminal_in_colours(running: Repo) -> None:
    running.fetch("/api/courses")
    words = ("dev.logs", "--follow", "--tail", "5", "--grep", "courses")
    code, screen = on_terminal(running, *words, talk=[("courses.*", CTRL_C)])
    assert code == 130
    assert re.search("\x1b\\[36mapp +\\| \x1b\\[0m.*GET /api/courses", screen)
    plain = replace(running, env={**running.env, "NO_COLOR": "1"})
    _, screen = on_terminal(plain, "dev.logs", "--grep", "GET /api/courses", talk=[])
    assert "\x1b[36m" not in screen


def test_logs_end_quietly_where_nobody_reads_on(running: Repo) -> None:
    with running.start("dev.logs", "--all") as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr
        assert "error[" not in process.stderr.read()
    assert process.returncode == 0


def test_logs_of_an_unknown_service(running: Repo) -> None:
    done = running.fails(2, "dev.logs", "-s", "ap")
    assert done.hints == [f"{DID_YOU_MEAN} app? allowed: app, db"]


def test_shell_runs_a_script_from_stdin(running: Repo) -> None:
    assert running.ok("dev.shell", stdin="echo $SECRET_KEY\npwd\n").stdout.startswith("development-only\n")
    assert running.fails(7, "dev.shell", stdin="exit 7\n").stdout == ""


def test_shell_of_another_service(running: Repo) -> None:
    assert running.ok("dev.shell", "-s", "db", stdin="psql --version\n").stdout.startswith("psql (PostgreSQL)")


def test_shell_on_a_terminal(running: Repo) -> None:
    talk = [("[$#]", "tty && echo from-$((40 + 2))\nexit 3\n")]
    code, screen = on_terminal(running, "dev.shell", talk=talk)
    assert code == 3
    assert "from-42" in screen
    assert "not a tty" not in screen


def test_run_runs_where_the_app_runs(running: Repo) -> None:
    assert running.ok("dev.run", "--", "python", "-c", "import django; print('a b')").stdout == "a b\n"


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_run_in_another_service(running: Repo) -> None:
    assert running.ok("dev.run", "-s", "db", "--", "printenv", "POSTGRES_USER").stdout == "devenv\n"


@pytest.mark.parametrize("door", ["run", "inv"])
def test_run_ends_with_the_inner_code(running: Repo, door: str) -> None:
    done = running.fails(42, "dev.run", "--", "sh", "-c", "exit 42", door=door)
    assert done.error == f"error[42]: sh {ENDED_WITH} 42"


def test_make_has_its_own_code_and_the_line_has_ours(running: Repo) -> None:
    done = running.run("dev.run", "--", "sh", "-c", "exit 42", door="make")
    assert (done.code, done.error) == (2, f"error[42]: sh {ENDED_WITH} 42")


def test_run_without_a_command(running: Repo) -> None:
    assert running.fails(2, "dev.run").hints == ["inv dev.run -- ls -l"]


@pytest.mark.parametrize("engine", ["native"], indirect=True)  # Compose starts what a container depends on
def test_a_command_that_fails_says_which_server_does_not_run(running: Repo) -> None:
    assert running.fails(1, "dev.run", "--", "false").hints == []
    running.ok("dev.down")
    assert running.fails(1, "dev.run", "--", "false").hints == ["not running: db; to start all: inv dev.up"]


def test_dbshell_reads_sql_from_stdin(running: Repo) -> None:
    done = running.ok("dev.dbshell", "--", "-qAt", stdin="SELECT code FROM courses_course WHERE code = 'welding';")
    assert done.stdout == "welding\n"


def test_dbshell_on_a_terminal(running: Repo) -> None:
    code, screen = on_terminal(running, "dev.dbshell", talk=[("service=>", "SELECT 40 + 2;\n\\q\n")])
    assert code == 0
    assert "42" in screen


def test_dbshell_passes_the_clients_code_on(running: Repo) -> None:
    running.fails(1, "dev.dbshell", "--", "-c", "SELECT nothing_of_that_name")


def test_dbshell_of_a_stopped_database(running: Repo) -> None:
    running.ok("dev.down")
    assert running.fails(112, "dev.dbshell").hints == ["inv dev.up"]


def test_test_passes_arguments_on(running: Repo) -> None:
    done = running.ok("dev.test", "--", "-k", "debug_is_off or welding")
    assert "1 passed" in done.stdout


def test_test_ends_with_the_code_of_the_tests(running: Repo) -> None:
    done = running.fails(5, "dev.test", "--", "-k", "no_test_of_that_name")  # 5: pytest found no tests
    assert done.error == f"error[5]: commands.test {ENDED_WITH} 5"


def test_the_services_own_tests_pass(running: Repo) -> None:
    assert " passed" in running.ok("dev.test").stdout


def test_commands_before_the_first_up_can_log_in(built_repo: Repo, engine: str) -> None:
    if engine == "compose":  # which starts the servers for any command
        built_repo.ok("dev.run", "--", "python", "manage.py", "check", "--database", "default")
    assert " passed" in built_repo.ok("dev.test").stdout
    built_repo.ok("dev.up")


def test_the_database_of_the_tests_is_kept_until_a_migration_changes(running: Repo) -> None:
    query = "SELECT oid FROM pg_database WHERE datname = 'test_service'"
    running.ok("dev.test")
    made = running.rows(query)
    running.ok("dev.test")
    assert running.rows(query) == made != []
    running.edit("courses/migrations/0001_initial.py", "class Migration", "# Edited.\nclass Migration")
    running.ok("dev.test")
    assert running.rows(query) != made
    assert "test_service" not in running.ok("dev.state", "list").stdout, "it is no data of the service's"


def test_run_and_test_work_while_the_service_is_down(running: Repo) -> None:
    running.ok("dev.down")
    assert running.ok("dev.run", "--", "echo", "still").stdout == "still\n"
    assert "1 passed" in running.ok("dev.test", "--", "-k", "debug_is_off").stdout
