"""Broken files: the error says which file, which line, and what is allowed. None of it needs an engine."""

from __future__ import annotations

import pytest

from tests.messages import DID_YOU_MEAN, NOT_A_PORT, NOT_A_WORKSPACE_NAME, NOT_SUPPORTED
from tests.verbs.repo import Repo

BROKEN = {
    "broken YAML": ("dev.yaml", "app: app", "app: [app", "expected", "check line"),
    "unknown key": ("dev.yaml", "scenarios:", "scenarois:", "unknown key scenarois", f"{DID_YOU_MEAN} scenarios?"),
    "unknown key below": ("dev.yaml", "  test: pytest", "  tset: pytest", "unknown key tset", f"{DID_YOU_MEAN} test?"),
    "wrong type": ("dev.yaml", "service: ", "service: 7 # ", "service: must be text, not 7", ""),
    "a name that means something else": (
        "dev.yaml",
        "service: ",
        "service: on # ",
        "service: the name on",
        "on-service",
    ),
    "a time that is none": ("dev.yaml", "ready: 60s", "ready: soon", '"soon" is not allowed', ""),
    "unknown contract": ("dev.yaml", 'contract: "1.5"', 'contract: "9.0"', f"contract 9.0 {NOT_SUPPORTED}", "1.0"),
    "unknown parameter": (
        "dev.yaml",
        "{learners}",
        "{leaners}",
        "{leaners} is not a parameter",
        f"{DID_YOU_MEAN} learners?",
    ),
    "open quote": ("dev.yaml", "test: pytest", "test: pytest 'a", "commands.test", "close the quote"),
    "open quote of an installation": (
        "dev.yaml",
        "uv sync --locked",
        "uv sync 'a",
        "native.install",
        "close the quote",
    ),
    "no such compose service": ("dev.yaml", "app: app", "app: web", "compose.yaml has no service web", ""),
    "broken compose file": ("compose.yaml", "services:", "services: [", "expected", "check line"),
    "unset variable": ("compose.yaml", "DEBUG: ", "X: ${Y:?set Y} # ", "Y is not set: set Y", ""),
    "no such fragment": ("compose.yaml", "postgres.yaml", "postgras.yaml", "not found", ""),
}


@pytest.fixture(autouse=True)
def no_engine_is_asked(files: Repo) -> None:
    files.env["DEV_ENGINE"] = "native"


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file(files: Repo, case: str) -> None:
    name, old, new, message, hint = BROKEN[case]
    first_line = (files.path / name).read_text().partition(old)[0].count("\n") + 1
    files.edit(name, old, new)
    done = files.fails(111, "dev.up")
    file, line, _ = done.error.removeprefix("error[111]: ").split(":", 2)
    assert file == name
    assert first_line <= int(line) <= first_line + 3, "a parser may notice a little later"
    assert message in done.error
    assert hint in "".join(done.hints)
    assert done.commands == []


def test_the_name_of_one_of_its_servers(files: Repo) -> None:
    files.edit("dev.yaml", "service: ", "service: mail # ")
    files.edit("compose.yaml", "\nvolumes:", "\n  mail: {image: mail:1}\n\nvolumes:")
    for words in (["dev.up"], ["dev.plan"], ["dev.seed", "--list"], ["dev.run", "--", "true"]):
        assert "the name mail is also the name of a server in the compose file" in files.fails(111, *words).error


def test_missing_file(files: Repo) -> None:
    (files.path / "compose.yaml").unlink()
    assert "compose.yaml: not found" in files.fails(111, "dev.up").error


def test_own_tasks_that_do_not_load(files: Repo) -> None:
    (files.path / "tasks_local.py").write_text("import no_such_module\n")
    assert "tasks_local.py: ModuleNotFoundError" in files.fails(111, "dev.up").error


def test_an_invalid_workspace_name(files: Repo) -> None:
    assert f"My Space {NOT_A_WORKSPACE_NAME}" in files.fails(2, "dev.up", "--workspace", "My Space").error


def test_a_port_that_is_not_a_number(files: Repo) -> None:
    files.env["DEV_PORT"] = "many"
    assert f"DEV_PORT=many {NOT_A_PORT}" in files.fails(2, "dev.up").error
