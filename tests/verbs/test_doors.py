"""make, inv and .dev/run are one command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.messages import DID_YOU_MEAN, NOTHING_TO_DO
from tests.verbs.repo import DOORS, Repo

VERBS = [
    "dev.dbshell", "dev.destroy", "dev.doctor", "dev.down", "dev.logs", "dev.migrate", "dev.plan", "dev.reset",
    "dev.run", "dev.seed", "dev.shell", "dev.status", "dev.test", "dev.up",
]  # fmt: skip
AWKWARD = ["it's", 'say "hi"', "$HOME", "$(id)", "a  b", "`id`", "back\\slash", "", "*", "--json", "ü", "a;b", "#no"]
LOCAL = '''
from invoke import task

@task
def greet(c, name="you"):
    """Say hello."""
    print("hello", name)

@task
def fail(c):
    """End with 9."""
    c.run("exit 9")
'''


# Each door in every run, one of them in containers, where it takes a minute.
OFTEN = [*(("native", door) for door in DOORS), pytest.param("compose", "inv", marks=pytest.mark.engine)]
SELDOM = [pytest.param("compose", door, marks=[pytest.mark.engine, pytest.mark.slow]) for door in ("run", "make")]


@pytest.fixture
def with_local_tasks(running: Repo) -> Iterator[Repo]:
    (running.path / "tasks_local.py").write_text(LOCAL)
    yield running
    (running.path / "tasks_local.py").unlink()


@pytest.mark.parametrize(("engine", "door"), OFTEN + SELDOM, indirect=["engine"])
def test_every_verb_works_through_the_door(running: Repo, door: str) -> None:
    def ok(*words: str, stdin: str | None = None) -> str:
        return running.ok(*words, door=door, stdin=stdin).stdout

    url = running.status()["url"]
    ok("dev.down")
    assert ok("dev.up") == f"{url}\n"
    assert url in ok("dev.status")
    assert NOTHING_TO_DO in ok("dev.plan")
    assert "WRONG" not in ok("dev.doctor")
    assert ok("dev.logs", "-s", "db", "--tail", "3").count("\n") == 3
    assert ok("dev.shell", stdin="echo inside\n") == "inside\n"
    assert ok("dev.run", "--", "echo", "ran") == "ran\n"
    assert ok("dev.dbshell", "--", "-qAtc", "SELECT 42") == "42\n"
    assert "1 passed" in ok("dev.test", "--", "-q", "-k", "debug_is_off")
    ok("dev.migrate")
    ok("dev.reset")
    assert '"learners": 6' in ok("dev.seed", "big-tenant", "-p", "learners=2")


@pytest.mark.parametrize("door", DOORS)
def test_arguments_arrive_unharmed(running: Repo, door: str) -> None:
    program = "import json, sys; print(json.dumps(sys.argv[1:]))"
    done = running.ok("dev.run", "--", "python", "-c", program, *AWKWARD, door=door)
    assert done.json() == AWKWARD


def test_inv_works_from_a_folder_below(running: Repo) -> None:
    done = running.ok("dev.status", door="inv", cwd=running.path / "courses" / "migrations")
    assert running.status()["url"] in done.stdout


def test_run_works_from_anywhere(running: Repo) -> None:
    assert running.status()["url"] in running.ok("dev.status", cwd=running.path.parent).stdout


@pytest.mark.parametrize("door", ["run", "inv"])
def test_list_reads_as_a_table_of_contents(running: Repo, door: str) -> None:
    lines = running.ok("--list", door=door).stdout.splitlines()
    entries = [line.split() for line in lines if line.startswith("  dev.")]
    assert set(VERBS) <= {name for name, *_ in entries}
    assert all(what_for for _, *what_for in entries)


def test_make_help_is_the_same_list(running: Repo) -> None:
    listed = running.ok("--list").stdout
    assert running.ok("help", door="make").stdout == listed
    assert running.ok("dev.help", door="make").stdout == listed
    with_target = running.path / "own.mk"
    with_target.write_text("help:\n\t@echo mine\ninclude .dev/dev.mk\n")
    done = subprocess.run(["make", "-f", "own.mk", "help"], cwd=running.path, capture_output=True, text=True)
    with_target.unlink()
    assert (done.stdout, done.stderr) == ("mine\n", "")


def test_flags_may_stand_before_a_positional_argument(running: Repo) -> None:
    for words in (
        ["-p", "learners=2", "big-tenant"],
        ["big-tenant", "-p", "learners=2"],
        ["--param=learners=2", "big-tenant"],
    ):
        assert running.ok("dev.seed", *words).json()["learners"] == 6
    assert running.fails(2, "dev.test", "-k", "debug_is_off").hints == ["inv dev.test -- -k debug_is_off"]


def test_own_tasks_are_next_to_ours(with_local_tasks: Repo) -> None:
    listed = with_local_tasks.ok("--list", door="inv").stdout
    assert "greet" in listed
    assert "dev.up" in listed
    assert with_local_tasks.ok("greet", "--name", "Ada", door="inv").stdout == "hello Ada\n"
    assert with_local_tasks.run("fail").code == 9


def test_unknown_task_is_guessed(running: Repo) -> None:
    assert f"{DID_YOU_MEAN} dev.status?" in running.fails(2, "dev.staus").hints[0]


def test_unknown_flag_names_the_help(running: Repo) -> None:
    hint = f"{DID_YOU_MEAN} --json? to see all flags: inv dev.up --help"
    assert running.fails(2, "dev.up", "--jsno").hints == [hint]
