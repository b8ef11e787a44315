"""The command line: what is for us, what is for the service, and what is said when it makes no sense."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoke.collection import Collection
from invoke.parser import Parser
from invoke.program import Program

from devenv import main
from devenv.base import launch, output
from devenv.base.errors import DevError
from devenv.commandline import arguments, helping
from devenv.tasks.common import CHANGES
from tests.messages import DID_YOU_MEAN, NOT_EXPECTED, TO_CONTINUE

Run = Callable[..., int]
TASKS = {context.name: context for context in main.collection().to_contexts()}
CORE = Program(namespace=Collection()).initial_context


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
    assert arguments.split(argv) == (own, rest)


@given(st.lists(st.sampled_from(["dev.test", "--", "-k", "", "a b"])))
def test_nothing_is_lost_and_the_rest_is_handed_on_word_for_word(argv: list[str]) -> None:
    own, rest = arguments.split(argv)
    assert [*own, *(["--"] if "--" in argv else []), *rest] == argv
    assert "--" not in own


@pytest.mark.parametrize(
    ("argv", "result"),
    [
        ("", ""),
        ("dev.seed", "dev.seed"),
        ("dev.seed big", "dev.seed --scenario big"),
        ("dev.seed big -p n=5", "dev.seed --scenario big -p n=5"),
        ("dev.seed -p n=5", "dev.seed -p n=5"),
        ("dev.seed -p n=5 big", "dev.seed -p n=5 --scenario big"),
        ("dev.seed -pn=5 big", "dev.seed -pn=5 --scenario big"),
        ("dev.seed --param=n=5 big", "dev.seed --param=n=5 --scenario big"),
        ("dev.seed --param n=5 -p m=6 big -w two", "dev.seed --param n=5 -p m=6 --scenario big -w two"),
        ("dev.seed -w dev.up big", "dev.seed -w dev.up --scenario big"),  # the value of a flag is not a task
        ("dev.seed --list", "dev.seed --list"),
        ("dev.seed --scenario big", "dev.seed --scenario big"),
        ("dev.seed --scenario=big", "dev.seed --scenario=big"),
        ("dev.seed -s big dev.status", "dev.seed -s big dev.status"),
        ("dev.seed -p n=5 big dev.status --json", "dev.seed -p n=5 --scenario big dev.status --json"),
        ("dev.reset dev.seed big", "dev.reset dev.seed --scenario big"),
        ("dev.reset -p n=5 dev.seed -p n=5 big", "dev.reset -p n=5 dev.seed -p n=5 --scenario big"),
        ("dev.logs app", "dev.logs app"),
        ("dev.edit lms", "dev.edit lms"),
        ("dev.edit lms ../lms", "dev.edit lms --path ../lms"),
        ("dev.edit lms --path ../lms", "dev.edit lms --path ../lms"),
        ("dev.edit --path ../lms lms", "dev.edit --path ../lms lms"),
        ("dev.edit --name lms ../lms", "dev.edit --name lms --path ../lms"),
        ("dev.edit lms ../lms -w two", "dev.edit lms --path ../lms -w two"),
        ("dev.edit -w two lms", "dev.edit -w two lms"),
        ("dev.edit -w two lms ../lms", "dev.edit -w two lms --path ../lms"),
        ("dev.edit -w=two lms ../lms dev.status", "dev.edit -w=two lms --path ../lms dev.status"),
        ("dev.edit lms dev.status", "dev.edit lms dev.status"),
        ("dev.edit lms ./dev.status", "dev.edit lms --path ./dev.status"),
        ("dev.seed dev.up", "dev.seed --scenario dev.up"),  # a task of the service's own may be so named
        ("dev.use lms=v1.0", "dev.use lms=v1.0"),
        ("dev.lock --upgrade lms", "dev.lock --upgrade lms"),
        ("dev.restore --force before dev.status", "dev.restore --force before dev.status"),
    ],
)
def test_positional_arguments_stand_before_or_after_flags(argv: str, result: str) -> None:
    assert arguments.flagged(argv.split(), TASKS, CORE) == result.split()


def flags() -> Iterator[tuple[str, list[str], list[str]]]:
    """Each flag of each task that takes positional arguments: the task, the arguments, the flag with its value."""
    for name, task in TASKS.items():
        places = ["package", "package"] if name in arguments.REPEATED else arguments.positions(task)
        for flag, argument in task.flags.items():
            if places and not {*argument.names, argument.attr_name} & {*places}:
                value = ["3" if argument.kind is int else "a=b"] if argument.takes_value else []
                yield name, [f"v{place}" for place in range(len(places))], [flag, *value]


@pytest.mark.parametrize(
    ("name", "words", "flag"), [pytest.param(*each, id=" ".join([each[0], *each[2]])) for each in flags()]
)
def test_a_flag_means_the_same_before_and_after_positional_arguments(
    name: str, words: list[str], flag: list[str]
) -> None:
    found = []
    for at in range(len(words) + 1):
        line = arguments.flagged([name, *words[:at], *flag, *words[at:]], TASKS, CORE)
        [_, task] = Parser(main.collection().to_contexts(), CORE).parse_argv(line)
        found.append({key: argument.value for key, argument in task.args.items()})
    assert all(word in str(found[0]) for word in words)
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("name", sorted(helping.EXAMPLES))
def test_every_example_of_the_help_is_understood(name: str) -> None:
    for example in helping.EXAMPLES[name]:
        own, _ = arguments.split(shlex.split(example))
        words = arguments.flagged(own, TASKS, CORE)
        found = Parser(TASKS.values(), CORE).parse_argv(words)
        assert [context.name for context in found[1:]] == [name]


@pytest.mark.parametrize(
    ("argv", "task"),
    [
        ("dev.schema --help", "dev.schema"),  # and no action of that name
        ("dev.run -h", "dev.run"),
        ("contract.check -h", "contract.check"),
        ("contract.check -h page.html --static", ""),  # its own flag
        ("dev.seed big --help", "dev.seed"),
        ("dev.down dev.up --help", "dev.up"),
        ("dev.up", ""),
        ("unknown --help", ""),
    ],
)
def test_help_of_a_task(argv: str, task: str) -> None:
    assert arguments.wants_help(argv.split(), TASKS) == task


@pytest.mark.parametrize(
    ("argv", "typed"),
    [
        ("dev.test -k name", "inv dev.test -- -k name"),
        ("dev.test tests/test_a.py", "inv dev.test -- tests/test_a.py"),
        ("dev.test -w two -x --lf", "inv dev.test -w two -- -x --lf"),
        ("dev.status dev.test -k name", "inv dev.test -- -k name"),
        ("dev.run ls -l", "inv dev.run -- ls -l"),
        ("dev.run -s db psql --version", "inv dev.run -s db -- psql --version"),
        ("dev.dbshell -c SELECT", "inv dev.dbshell -- -c SELECT"),
    ],
)
def test_an_argument_that_belongs_after_the_dashes(
    run: Run, capsys: pytest.CaptureFixture[str], argv: str, typed: str
) -> None:
    assert run(*argv.split()) == 2
    assert capsys.readouterr().err.splitlines()[1] == f"hint: {typed}"


# ---- what is said


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["dev.upp"], "unknown task dev.upp", f"{DID_YOU_MEAN} dev.up? to see all tasks: inv --list"),
        (["zzz"], "unknown task zzz", "to see all tasks: inv --list"),
        (["--nope"], "unknown flag --nope", "to see all tasks: inv --list"),
        (
            ["dev.up", "--prot", "1"],
            "dev.up has no flag --prot",
            f"{DID_YOU_MEAN} --port? to see all flags: inv dev.up ",
        ),
        (["dev.up", "--port"], "dev.up --port needs PORT", "inv dev.up --help"),
        (["dev.up", "--port", "abc"], "'abc' is not a whole number", "inv dev.up --help"),
        (["dev.down", "x"], "dev.down does not take x", "inv dev.down --help"),
        (["dev.up", "dev.stats"], "dev.up does not take dev.stats", f"{DID_YOU_MEAN} dev.status? inv dev.up --help"),
        (["--list", "nope"], "Sub-collection 'nope' not found!", "inv --list"),
        (["dev.seed", "a", "b"], "dev.seed does not take b", "inv dev.seed --help"),
        (["dev.edit", "lms", "../lms", "c"], "dev.edit does not take c", "inv dev.edit --help"),
        (["dev.edit"], "dev.edit needs NAME", "inv dev.edit lms"),
        (["dev.snapshot"], "dev.snapshot needs NAME", "inv dev.snapshot before"),
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


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["dev.restore", ""], "NAME"),
        (["dev.seed", ""], "SCENARIO"),
        (["dev.seed", "--scenario="], "SCENARIO"),
        (["dev.destroy", "--yes", "--gone", ""], "--gone"),
        (["dev.state", "prune", "--name", ""], "--name"),
        (["dev.snapshot", "a", "--export="], "--export"),
        (["dev.reset", "-p", ""], "--param"),
        (["dev.add", "a", ""], "PACKAGE"),
    ],
)
def test_an_empty_value_does_not_count_as_none(
    run: Run, capsys: pytest.CaptureFixture[str], argv: list[str], name: str
) -> None:
    assert run(*argv) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"error[2]: {argv[0]}: {name} is empty"


def test_a_task_of_the_service_may_get_an_empty_value(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tasks_local.py").write_text(
        "from invoke.tasks import task\n\n@task\ndef say(c, words='none'):\n    print(f'[{words}]')\n"
    )
    assert run("say", "--words", "") == 0
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize(
    ("argv", "message", "allowed"),
    [
        ("dev.explain", "dev.explain needs CODE", "1, 2, 110, 111, 112, 113, 114, 130"),
        ("dev.completion", "dev.completion needs SHELL", "bash, zsh, fish"),
        ("dev.state", "dev.state needs ACTION", "list, prune"),
        ("dev.schema", "dev.schema needs ACTION", "dump, check"),
    ],
)
def test_a_missing_argument_is_named_with_its_choices(
    run: Run, capsys: pytest.CaptureFixture[str], argv: str, message: str, allowed: str
) -> None:
    assert run(*argv.split()) == 2
    error, choices, example = capsys.readouterr().err.splitlines()
    assert (error, choices) == (f"error[2]: {message}", f"hint: allowed: {allowed}")
    assert example.startswith(f"hint: inv {argv} ")


@pytest.mark.parametrize("argv", [[], ["--list"], ["dev.up", "--help"], ["--help"]])
def test_help_is_not_an_error(run: Run, capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert run(*argv) == 0
    assert "dev.up" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--list"], ["--help"], ["dev.up", "--help"], ["dev.schema", "--help"]])
@pytest.mark.parametrize("columns", ["80", "40", "200"])
def test_help_fits_the_terminal(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: list[str], columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run(*argv) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(("Usage", "  inv", "inv "))]
    assert [line for line in lines if len(line) > int(columns)] == []


def test_the_list_has_each_task_once_in_a_line_of_80_columns() -> None:
    tasks = main.collection()
    grouped = [name for group in helping.GROUPS.values() for name in group]
    assert sorted(grouped) == sorted(tasks.task_names)
    lines = list(helping.listing(tasks))
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ")] == grouped


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
@task
def slip(c):
    raise ValueError("no\\x1b[2J number")
"""


def test_the_services_own_tasks(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks_local.py").write_text(LOCAL)
    assert run("greet", "--", "-a", "b c") == 0
    assert capsys.readouterr().out == "hello ['-a', 'b c']\n"
    assert run("fail") == 7
    assert run("gret") == 2
    assert f"{DID_YOU_MEAN} greet? " in capsys.readouterr().err


def test_an_interrupt_is_130(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks_local.py").write_text(LOCAL)
    assert run("stop") == 130
    assert capsys.readouterr().err == f"error[130]: interrupted\nhint: {TO_CONTINUE}\n"


def test_what_nobody_expected_is_one_error_line_and_a_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tasks_local.py").write_text(LOCAL)
    assert run("slip") == 112
    error, hint = capsys.readouterr().err.splitlines()
    assert error == f"error[112]: {NOT_EXPECTED}, in tasks_local.py:14: ValueError: no number"
    report = Path(hint.rpartition(": ")[2]).read_text()
    assert report.startswith("command: inv slip\n")
    assert "Traceback (most recent call last)" in report


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


# ---- --json of a verb that fails


TYPED = {"dev.snapshot": "a", "dev.restore": "a", "dev.state": "list", "dev.schema": "dump", "dev.edit": "a"}
TYPED.update({"dev.use": "a", "dev.add": "a"})


@pytest.mark.parametrize("verb", sorted(CHANGES))
@pytest.mark.parametrize("words", [["--json"], ["-j"], ["--json", "--nonsense"], ["-j", "more", "than", "enough"]])
@pytest.mark.parametrize("local", ["", "import no_such_module"], ids=["", "broken tasks"])
def test_a_verb_that_fails_answers_in_json_too(
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    words: list[str],
    local: str,
) -> None:
    monkeypatch.setattr(output, "answered", False)
    (tmp_path / "tasks_local.py").write_text(local)
    code = run(verb, *([TYPED[verb]] if verb in TYPED else []), *words)
    told = capsys.readouterr()
    answer = json.loads(told.out)
    if code:  # template.prune needs no repository
        line = f"error[{answer['error']['code']}]: {answer['error']['message']}"
        assert line in told.err.splitlines()
        assert told.err.startswith(line) or verb in main.ENDING, "these only warn of tasks that do not load"
    assert code == answer.get("error", {}).get("code", 0)
    assert code or verb == "template.prune"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("--json", True), ("-j", True), ("-yj", True), ("-jy", True), ("-w j", False), ("-wj", False), ("", False)],
)
def test_the_short_flag_counts_and_a_value_does_not(typed: str, wanted: bool) -> None:
    assert main._wants_json(["dev.destroy", *typed.split()]) == wanted


# ---- the modules of the tasks


def test_each_task_is_in_the_list_of_its_module() -> None:
    """A task that is not listed could only be typed next to one that is."""
    for word, (_, module) in main._known_tasks().items():
        assert word in main.collection([word]).task_names, module
    assert {*main._known_tasks()} == {*main.collection().task_names}


@pytest.mark.parametrize(
    ("line", "more"),
    [
        (["dev.up"], set()),
        (["dev.up", "--workspace", "dev.seed"], {"dev.seed"}),  # it may be a second task
        (["dev.up", "dev.seed"], {"dev.seed"}),
        ([], {"dev.seed", "contract.check"}),
        (["dev.pu"], {"dev.seed", "contract.check"}),
        (["dev.up", "--help"], {"dev.seed", "contract.check"}),
    ],
)
def test_a_command_imports_the_modules_of_its_tasks(line: list[str], more: set[str]) -> None:
    found = {*main.collection(line).task_names}
    assert found >= {"dev.up", *more}
    assert found & {"dev.seed", "contract.check"} == more


# ---- streams that take no more


def started(folder: Path, *argv: str) -> list[str]:
    """The program as the launcher starts it."""
    tools = Path(main.__file__).parent
    return [sys.executable, "-I", str(tools), str(launch.INTERFACE), str(folder), *argv]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("argv", "full", "code"),
    [
        (["--list"], ["stdout"], 110),
        (["--list"], ["stdout", "stderr"], 110),
        (["--list"], ["stderr"], 0),
        (["dev.nope"], ["stderr"], 2),
        (["dev.nope"], ["stdout", "stderr"], 2),
    ],
)
def test_output_to_a_full_disk_ends_with_a_code_of_ours(
    tmp_path: Path, argv: list[str], full: list[str], code: int
) -> None:
    with open("/dev/full", "w") as device:
        streams = {name: device if name in full else subprocess.PIPE for name in ("stdout", "stderr")}
        done = subprocess.run(started(tmp_path, *argv), text=True, check=False, **streams)
    assert done.returncode == code
    errors = [line for line in (done.stderr or "").splitlines() if "rror" in line]
    assert [line.partition(":")[0] for line in errors] == (["error[110]"] if full == ["stdout"] else [])


def test_a_command_is_finished_if_nobody_reads_its_progress(tmp_path: Path) -> None:
    """`inv dev.up 2>&1 | head -1` ended halfway."""
    (tmp_path / "tasks_local.py").write_text(
        "import pathlib\nfrom invoke.tasks import task\nfrom devenv.base import events\n"
        "@task\ndef long(c):\n    events.note('one')\n    events.note('two')\n    pathlib.Path('ended').touch()\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(started(tmp_path, "long"), stdout=writer, stderr=writer, check=False)
    os.close(writer)
    assert done.returncode == 0
    assert (tmp_path / "ended").exists()
