"""The calls between repositories: real make on checkouts whose Makefile is written by hand, no template, no engine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devenv.base import events, patience
from devenv.base.errors import MISSING, UNHEALTHY, DevError
from devenv.required import protocol
from devenv.required.protocol import Handed
from tests.conftest import until

Other = Callable[[str], Path]
HANDED = Handed("main", 18200, "compose", "devenv-main", True, Path("/nowhere/lms.env"))
# Prints each argument as its shell got it, as a JSON object.
ARGUMENTS = """\
@python3 -c 'import json, sys; print(json.dumps({"args": sys.argv[1:]}))' $(value ARGS)"""


@pytest.fixture
def other(tmp_path: Path) -> Other:
    """other(recipe of dev.up) → a checkout of a service in no particular language."""

    def make(recipe: str) -> Path:
        lines = "".join(f"\t{line}\n" for line in recipe.splitlines())
        tasks = "dev.up dev.seed dev.down dev.destroy dev.status"
        (tmp_path / "Makefile").write_text(f".PHONY: {tasks}\n{tasks}:\n{lines}")
        return tmp_path

    return make


def call(checkout: Path, *args: str, task: str = "dev.up", handed: Handed = HANDED) -> dict[str, object]:
    return protocol.call("lms", checkout, handed, task, args, checkout / "log")


def error_of(checkout: Path, task: str = "dev.up") -> DevError:
    with pytest.raises(DevError) as caught:
        call(checkout, task=task)
    return caught.value


# ---- what is handed in


def test_the_variables(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("PORT", "BIND", "PUBLIC_URL", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "KEPT")
    for name in (*ours, "DEV_VERSION"):
        monkeypatch.setenv(name, "k")
    checkout = other("@python3 -c 'import json, os; print(json.dumps(dict(os.environ)))'")
    found = call(checkout)
    assert {name: value for name, value in found.items() if name.startswith("DEV_")} == {
        "DEV_WORKSPACE": "main",
        "DEV_PORT": "18200",
        "DEV_ENGINE": "compose",
        "DEV_NETWORK": "devenv-main",
        "DEV_LEAN": "1",
        "DEV_ENV_FILE": "/nowhere/lms.env",
        "DEV_VERSION": "",  # whatever this shell says
    }
    assert {name for name in ours if found.get(name) == "k"} == {"KEPT"}
    edited = Handed("main", 18200, "compose", "devenv-main", False, Path("/nowhere/lms.env"))
    assert call(checkout, handed=edited)["DEV_LEAN"] == ""
    release = Handed("main", 18200, "compose", "devenv-main", True, Path("/nowhere/lms.env"), "v1.0.0")
    assert call(checkout, handed=release)["DEV_VERSION"] == "v1.0.0"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"])), max_size=4))
@example(["oauth-client", "-p", "redirect=http://x/?a=$HOME&b='$(shell id)' \"\\#;|`id` %"])
def test_arguments_arrive_as_they_are(other: Other, args: list[str]) -> None:
    assert call(other(ARGUMENTS), *args, task="dev.seed") == {"args": args}


def test_dev_mk_hands_them_on_too(tmp_path: Path) -> None:
    """The template's own targets, with another `run`, which has lost its run bit."""
    source = Path(__file__).resolve().parents[2] / "{{cookiecutter.repo_name}}" / ".dev" / "dev.mk"
    (tmp_path / ".dev").mkdir()
    (tmp_path / ".dev" / "dev.mk").write_text(source.read_text())
    (tmp_path / "Makefile").write_text("include .dev/dev.mk\n")
    say = "import json, sys; print(json.dumps({'args': sys.argv[1:]}))"
    (tmp_path / ".dev" / "run").write_text(f'exec python3 -c "{say}" "$@"\n')
    for task in ("dev.up", "dev.seed", "dev.status", "dev.logs"):
        assert call(tmp_path, "a $b 'c'", task=task) == {"args": [task, "a $b 'c'"]}


# ---- what comes back


def test_progress_goes_to_the_log_and_stdout_is_the_answer(other: Other, capfd: pytest.CaptureFixture[str]) -> None:
    checkout = other('@echo working >&2; echo \'{"url": "http://x", "newer": [1]}\'')
    assert call(checkout) == {"url": "http://x", "newer": [1]}
    assert (checkout / "log").read_text() == "working\n"
    out, err = capfd.readouterr()
    assert (out, err) == ("", f"$ make -s -C {checkout} dev.up ARGS=\n")


def test_what_it_warns_of_is_known(other: Other) -> None:
    call(other("@echo 'warning: this, then' >&2; echo no warning: that >&2; echo '{}'"))
    assert protocol.warnings(other("") / "log") == ["this, then"]
    assert protocol.warnings(other("") / "none") == []


def test_its_last_words_are_no_duration(tmp_path: Path) -> None:
    log = tmp_path / "lms.log"
    log.write_text("$ docker compose build app\n  step 3 of 4\n  6.7 s\n\n")
    assert protocol.last_words(log) == "step 3 of 4"
    log.write_text("  6.7 s\n")
    assert protocol.last_words(log) == "(none)"


@pytest.mark.parametrize(
    "answer", ["", "[]", "5", "null", "{} {}", "{}\n{}", "hello {}", '{"a": 1', r'{"a": "\u0000"}']
)
def test_it_must_be_one_json_object(other: Other, answer: str) -> None:
    (other("@cat answer") / "answer").write_text(answer)
    error = error_of(other("@cat answer"))
    assert error.code == UNHEALTHY
    assert error.message.startswith("lms: dev.up in ")
    assert "did not answer with one JSON object" in error.message


@pytest.mark.parametrize("task", ["dev.down", "dev.destroy"])
def test_some_tasks_promise_no_answer(other: Other, task: str) -> None:
    assert call(other("@echo stopped"), task=task) == {}


# ---- failures


@pytest.mark.parametrize("code", [0, 7, 255, 99999999999999999999])
def test_a_code_that_the_contract_does_not_have_is_not_passed_on(other: Other, code: int) -> None:
    error = error_of(other(f"@echo 'error[{code}]: all is well' >&2; exit 1"))
    assert (error.code, error.message.splitlines()[0]) == (UNHEALTHY, "lms: all is well")


@pytest.mark.parametrize("code", [1, 2, 110, 111, 112, 113, 114])
def test_their_error_becomes_ours(other: Other, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"error[{code}]: dev.yaml:3: no", "  more of it", "hint: do this", "hint: or that"]
    (other("") / "said").write_text("\n".join(["step one", *lines]) + "\n")
    error = error_of(other(f"@cat said >&2; exit {code}"))
    assert error.code == code
    assert error.message.splitlines()[:2] == ["lms: dev.yaml:3: no", "step one"]
    assert error.hints[:2] == ("do this", "or that")
    assert error.hints[-1].startswith("all output: ")
    events.error(error)
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line.startswith("error[")] == [f"error[{code}]: lms: dev.yaml:3: no"]


def test_only_the_end_of_a_long_log_is_shown(other: Other) -> None:
    recipe = "@seq 1000 >&2; echo 'error[112]: app is not healthy' >&2; exit 1"
    lines = error_of(other(recipe)).message.splitlines()
    assert len(lines) <= 22
    assert "1000" in lines
    assert "5" not in lines


@pytest.mark.parametrize("recipe", ["@exit 3", "@echo '{}'; exit 3", "@echo broken >&2; exit 3"])
def test_a_failure_without_an_error_line(other: Other, recipe: str) -> None:
    error = error_of(other(recipe))
    assert (error.code, error.message.splitlines()[0]) == (
        MISSING,
        "lms: its command failed and printed no error line",
    )


def test_a_checkout_without_such_a_target_or_without_a_makefile(other: Other, tmp_path: Path) -> None:
    assert "No rule to make target" in error_of(other("@true"), task="dev.nope").message
    (tmp_path / "Makefile").unlink()
    assert error_of(tmp_path).code == MISSING


def test_what_stood_in_the_log_before_is_gone(other: Other) -> None:
    error_of(other("@echo 'error[113]: old' >&2; exit 1"))
    assert error_of(other("@exit 1")).code == MISSING


def test_the_terminal_is_handed_over_with_the_exit_code(other: Other, capfd: pytest.CaptureFixture[str]) -> None:
    checkout = other("@echo $(value ARGS)")
    assert protocol.attach(checkout, HANDED, "dev.status", ["--json"]) == 0
    assert capfd.readouterr().out == "--json\n"
    assert protocol.attach(other("@exit 5"), HANDED, "dev.status", []) == 2  # make has one code for all


def test_a_json_answer_of_any_size(other: Other) -> None:
    big = {"text": "x" * 200_000}
    (other("@cat answer") / "answer").write_text(json.dumps(big))
    assert call(other("@cat answer")) == big


# ---- a repository that keeps us waiting


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test can wait for, and in which a busy machine starts make and a shell."""
    monkeypatch.setattr(protocol, "SILENCE", {"dev.up": 3.0})
    monkeypatch.setattr(protocol, "SILENCE_OF_OTHERS", 3.0)
    monkeypatch.setattr(patience, "GRACE", 0.5)
    monkeypatch.setattr(patience, "MOST", 10**6)


NEVER_ENDS = {
    "asleep": "@echo waiting for the moon >&2; sleep 1000",
    "deaf to SIGTERM": "@trap '' TERM INT; echo waiting for the moon >&2; while :; do sleep 1000; done",
    "with children": "@echo waiting for the moon >&2; sh -c 'sleep 1000 & sleep 1000; wait'",
    "silent on stdin": "@echo waiting for the moon >&2; tail -f /dev/null; cat",
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("task", ["dev.up", "dev.status", "dev.down"])
@pytest.mark.parametrize("kind", NEVER_ENDS)
def test_a_task_that_never_ends_is_ended(other: Other, kind: str, task: str) -> None:
    checkout = other(NEVER_ENDS[kind])
    error = error_of(checkout, task)
    assert error.code == UNHEALTHY
    assert error.message == (
        f"lms: {task} in {checkout} printed nothing for 3 s and was ended. It printed last: waiting for the moon"
    )
    assert error.hints[0] == f"cd {checkout} && make {task} ARGS=''"
    assert not running(checkout)


def test_a_slow_task_that_prints_is_not_cut(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SILENCE", {"dev.up": 5.0})  # seconds: a busy machine takes two to start make
    assert call(other("@for i in $$(seq 12); do echo step $$i >&2; sleep 0.5; done; echo '{}'")) == {}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("recipe", ["@yes", "@yes >&2", "@head -c 100000000 /dev/zero; sleep 1000"])
def test_a_task_that_prints_without_end_is_ended(other: Other, recipe: str) -> None:
    error = error_of(other(recipe))
    assert (error.code, "printed more than 0 MB" in error.message) == (UNHEALTHY, True)
    assert len(str(error)) < 2000


@pytest.mark.usefixtures("impatient")
def test_a_process_that_a_task_leaves_does_not_hold_us(other: Other) -> None:
    begun = time.monotonic()
    assert call(other("@sleep 120 & echo '{}'")) == {}
    assert time.monotonic() - begun < 100


@pytest.mark.usefixtures("impatient")
def test_a_makefile_that_hangs_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("X := $(shell sleep 1000)\ndev.restart:\n\t@true\n")
    assert not protocol.has(tmp_path, "dev.restart")


INTERRUPTED = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from devenv.base import patience
from devenv.required import protocol
patience.GRACE = 0.5
handed = protocol.Handed("main", 1, "compose", "x", True, Path("/nowhere"))
here = Path(sys.argv[1])
with patience.interruptible(), ThreadPoolExecutor(1) as pool:
    pool.submit(protocol.call, "lms", here, handed, "dev.up", [], here / "log")
"""


def test_ctrl_c_ends_a_task_that_ignores_it(other: Other) -> None:
    checkout = other("@trap '' TERM INT; echo deaf >&2; while :; do sleep 1000; done")
    argv = [sys.executable, "-c", INTERRUPTED, checkout]
    ours = subprocess.Popen(argv, start_new_session=True, stderr=subprocess.PIPE)
    try:
        assert until(lambda: "deaf" in (checkout / "log").read_text() if (checkout / "log").exists() else False)
        os.killpg(ours.pid, signal.SIGINT)
        assert b"KeyboardInterrupt" in ours.communicate(timeout=30)[1]
        assert not running(checkout)
    finally:
        ours.kill()


def running(folder: Path) -> list[str]:
    """The processes that work in a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(each / "cwd") == str(folder) and (each / "cmdline").read_bytes():
                found.append((each / "cmdline").read_text().replace("\0", " "))
    return found
