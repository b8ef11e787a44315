"""Which engine there is, is asked once, and as early as can be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.base import ahead
from devenv.engines import docker

ANSWERS = """#!/bin/sh
echo "$@" >> "$0.log"
echo '29.1.0|Engine|containerd'
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a docker that answers."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(ANSWERS)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.delenv("DEV_ENGINE", raising=False)
    return Path(f"{program}.log")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One whose service ran in containers."""
    made = tmp_path / "shop" / ".dev" / "local" / "main.compose.json"
    made.parent.mkdir(parents=True)
    made.write_text("{}")
    return tmp_path / "shop"


def test_an_answer_that_was_asked_for_is_used(calls: Path, checkout: Path) -> None:
    ahead.ask(["dev.up", "--json"], checkout, os.environ)
    assert docker.server() == docker.Server("29.1.0")
    assert len(calls.read_text().splitlines()) == 1
    assert docker.server_version() == "29.1.0"  # the one that answers now
    assert len(calls.read_text().splitlines()) == 2


def test_a_query_that_failed_is_repeated(calls: Path, checkout: Path) -> None:
    program = calls.with_suffix("")
    program.write_text(ANSWERS + 'test "$(wc -l < "$0.log")" -gt 1\n')
    ahead.ask(["dev.up"], checkout, os.environ)
    assert docker.server().version == "29.1.0"


@pytest.mark.parametrize("words", [[], ["--list"], ["template.update"], ["dev.completion", "bash"], ["dev.explain"]])
def test_other_commands_ask_nothing(calls: Path, checkout: Path, words: list[str]) -> None:
    ahead.ask(words, checkout, os.environ)
    assert ahead.answer() == ""


def test_without_containers_nothing_is_asked(calls: Path, checkout: Path) -> None:
    ahead.ask(["dev.up"], checkout, {**os.environ, "DEV_ENGINE": "native"})
    (checkout / ".dev" / "local" / "native").mkdir()
    ahead.ask(["dev.up"], checkout, os.environ)
    ahead.ask(["dev.up"], checkout.parent, os.environ)
    assert ahead.answer() == ""
    assert not calls.exists()


def test_without_docker_the_command_itself_reports_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    ahead.ask(["dev.up"], checkout, os.environ)
    assert docker.server() == docker.Server()
