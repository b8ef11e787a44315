"""The command line: what is for us, what is for the service, and what is said when it makes no sense."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv import main
from devenv.base.errors import DevError

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("dev.up", "--json") → the exit code. The repository is empty but for what a test writes there."""
    monkeypatch.chdir(tmp_path)  # main changes the folder and this setting of Python: both come back
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    monkeypatch.setattr(main, "ROOT", tmp_path)

    def run(*argv: str) -> int:
        monkeypatch.setattr(sys, "argv", ["dev", *argv])
        with pytest.raises(SystemExit) as caught:
            main.main()
        return int(caught.value.code or 0)

    return run


# ---- before invoke sees it


@pytest.mark.parametrize(
    ("argv", "own", "rest"),
    [
        ([], [], []),
        (["dev.up"], ["dev.up"], []),
        (["dev.test", "--"], ["dev.test"], []),
        (["dev.test", "--", "-k", "a b"], ["dev.test"], ["-k", "a b"]),
        (["dev.run", "--", "a", "--", "b"], ["dev.run"], ["a", "--", "b"]),
        (["--", "dev.up"], [], ["dev.up"]),
    ],
)
def test_arguments_after_the_dashes_are_the_services(argv: list[str], own: list[str], rest: list[str]) -> None:
    assert main.split(argv) == (own, rest)


@given(st.lists(st.sampled_from(["dev.test", "--", "-k", "", "a b"])))
def test_nothing_is_lost_and_the_rest_is_handed_on_word_for_word(argv: list[str]) -> None:
    own, rest = main.split(argv)
    assert [*own, *(["--"] if "--" in argv else []), *rest] == argv
    assert "--" not in own


@pytest.mark.parametrize(
    ("argv", "result"),
    [
        ([], []),
        (["dev.seed"], ["dev.seed"]),
        (["dev.seed", "big"], ["dev.seed", "--scenario", "big"]),
        (["dev.seed", "big", "-p", "n=5"], ["dev.seed", "--scenario", "big", "-p", "n=5"]),
        (["dev.seed", "-p", "n=5"], ["dev.seed", "-p", "n=5"]),
        (["dev.seed", "--list"], ["dev.seed", "--list"]),
        (["dev.seed", "--scenario", "big"], ["dev.seed", "--scenario", "big"]),
        (["dev.reset", "dev.seed", "big"], ["dev.reset", "dev.seed", "--scenario", "big"]),
        (["dev.logs", "app"], ["dev.logs", "app"]),
        (["dev.edit", "lms"], ["dev.edit", "lms"]),
        (["dev.edit", "lms", "../lms"], ["dev.edit", "lms", "--path", "../lms"]),
        (["dev.edit", "lms", "--path", "../lms"], ["dev.edit", "lms", "--path", "../lms"]),
        (["dev.edit", "lms", "../lms", "-w", "two"], ["dev.edit", "lms", "--path", "../lms", "-w", "two"]),
        (["dev.edit", "-w", "two", "lms"], ["dev.edit", "-w", "two", "lms"]),
        (["dev.edit", "lms", "dev.status"], ["dev.edit", "lms", "dev.status"]),
        (["dev.edit", "lms", "./dev.status"], ["dev.edit", "lms", "--path", "./dev.status"]),
        (["dev.seed", "dev.up"], ["dev.seed", "--scenario", "dev.up"]),  # a task of the service's own may be so named
        (["dev.use", "lms=v1.0"], ["dev.use", "lms=v1.0"]),
        (["dev.lock", "--upgrade", "lms"], ["dev.lock", "--upgrade", "lms"]),
        (["dev.schema", "--help"], ["--help", "dev.schema"]),  # and no action of that name
        (["dev.run", "-h"], ["--help", "dev.run"]),
        (["unknown", "--help"], ["unknown", "--help"]),
    ],
)
def test_arguments_without_their_flag(argv: list[str], result: list[str]) -> None:
    assert main.positional(argv, main.collection().task_names) == result


# ---- what is said


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["dev.upp"], "No idea what 'dev.upp' is!", "did you mean dev.up? allowed: contract.check, dev.dbshell, "),
        (["zzz"], "No idea what 'zzz' is!", "allowed: contract.check, dev.dbshell, "),
        (["--nope"], "No idea what '--nope' is!", "allowed: contract.check, dev.dbshell, "),
        (["dev.up", "--prot", "1"], "No idea what '--prot' is!", "inv dev.up --help"),
        (["dev.up", "--port"], "Flag <Argument: port (p) [int]> needed value", "inv dev.up --help"),
        (["dev.up", "--port", "abc"], "'abc' is not a whole number", "inv dev.up --help"),
        (["dev.down", "x"], "No idea what 'x' is!", "inv dev.down --help"),
        (["dev.seed", "a", "b"], "No idea what 'b' is!", "inv dev.seed --help"),
        (["dev.edit", "lms", "../lms", "c"], "No idea what 'c' is!", "inv dev.edit --help"),
        (["dev.edit"], "'dev.edit' did not receive required positional arguments: 'name'", "inv dev.edit --help"),
    ],
)
def test_a_command_line_without_sense(
    run: Run, capsys: pytest.CaptureFixture[str], argv: list[str], message: str, hint: str
) -> None:
    assert run(*argv) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines)) == ("", 2)
    assert lines[0].startswith(f"error[2]: {message}")
    assert lines[1].startswith(f"hint: {hint}")


@pytest.mark.parametrize("argv", [[], ["--list"], ["dev.up", "--help"], ["--help"]])
def test_help_is_not_an_error(run: Run, capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert run(*argv) == 0
    assert "dev.up" in capsys.readouterr().out


LOCAL = """
from invoke import task
@task
def greet(c):
    print("hello", list(c.args))
@task
def fail(c):
    c.run("exit 7", hide=True, in_stream=False)
@task
def stop(c):
    raise KeyboardInterrupt
"""


def test_the_services_own_tasks(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks_local.py").write_text(LOCAL)
    assert run("greet", "--", "-a", "b c") == 0
    assert capsys.readouterr().out == "hello ['-a', 'b c']\n"
    assert run("fail") == 7
    assert run("gret") == 2
    assert "did you mean greet? " in capsys.readouterr().err


def test_an_interrupt_is_130(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks_local.py").write_text(LOCAL)
    assert run("stop") == 130
    assert capsys.readouterr().err == "error[130]: interrupted\nhint: to continue: inv dev.up\n"


def test_a_broken_tasks_local_is_reported_in_one_line(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tasks_local.py").write_text("import nothing_like_this\n")
    assert run("dev.up") == 111
    assert capsys.readouterr().err.startswith("error[111]: tasks_local.py: ModuleNotFoundError: No module named")


def test_the_exit_code_is_the_errors(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: main.Tasks, argv: list[str]) -> None:
        raise DevError(114, "no")

    monkeypatch.setattr(main.Tasks, "parse_and_execute", fail)
    assert run("dev.up") == 114
