"""With --json, an error of the launcher is one JSON document too: the same that a verb answers with that failed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.readers.report import Report
from tests.conftest import REPO
from tests.launcher.conftest import Answer, Machine, Template, pin

KINDS = ("windows", "no python", "no network", "bad pin", "another interface", "no environment", "no checkout")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, machine: Machine, service: Path, small: Template) -> None:
    """A machine or a service on which the tools do not start."""
    kind = str(request.param)
    if kind == "windows":
        machine.wrap("uname", "echo 'MSYS_NT-10.0-22631 3.4.10 x86_64'")
    elif kind == "no python":
        machine.env["PATH"] = machine.path_with("uname", "cmp")
    elif kind == "no checkout":
        machine.env["DEVENV_TOOLS"] = "/nowhere"
    elif kind == "no network":
        pin(service, "https://127.0.0.1:1/template.git", small.second)
    elif kind == "bad pin":
        pin(service, small.bare, "1.2.3")
    elif kind == "another interface":
        launcher = service / ".dev/run"
        launcher.write_text(launcher.read_text().replace("INTERFACE=1 ", "INTERFACE=2 "))
        machine.env["DEVENV_TOOLS"] = str(REPO)
    elif kind == "no environment":
        machine.cache.mkdir(parents=True)
        (machine.cache / "environments").write_text("a file in the way")


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("flag", ["--json", "-j"])
def test_an_error_is_one_document(machine: Machine, service: Path, flag: str) -> None:
    plain = machine.run(service, "dev.up")
    plain.failed(plain.code, "hint: ")

    asked = machine.run(service, "dev.up", flag)
    error, *hints = printed(asked)
    assert [without_time(line) for line in printed(plain)] == [without_time(line) for line in (error, *hints)]
    assert asked.code == plain.code
    told = json.loads(asked.out)
    assert told.keys() == Report().failure(1).keys()
    assert told["error"].keys() == Report().failure(1)["error"].keys()
    assert f"error[{told['error']['code']}]: {told['error']['message']}" == error
    assert told["error"]["code"] == plain.code
    assert told["error"]["hints"] == hints


def printed(answer: Answer) -> list[str]:
    """The error, and its hints."""
    return answer.err[answer.err.index("error[") :].rstrip("\n").split("\nhint: ")


def without_time(line: str) -> str:
    return re.sub(r"after \d+ ms", "after some ms", line)  # of curl


def test_words_for_a_program_of_the_service_do_not_count(machine: Machine, service: Path) -> None:
    machine.wrap("uname", "echo 'MSYS_NT-10.0-22631 3.4.10 x86_64'")
    machine.run(service, "dev.run", "--", "npm", "ls", "--json").failed(110)
    pin(service, "https://127.0.0.1:1/template.git", "1.2.3")
    (machine.folder / "wrappers/uname").unlink()
    machine.run(service, "dev.run", "--", "npm", "ls", "--json").failed(111)


def test_tools_that_are_there_answer_alike(service: Path) -> None:
    argv = [sys.executable, "-I", str(REPO / "devenv"), "2", str(service), "dev.up", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    error = json.loads(done.stdout)["error"]
    assert done.returncode == error["code"] == 111
    assert done.stderr == f"error[111]: {error['message']}\nhint: {error['hints'][0]}\n"
