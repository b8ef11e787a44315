"""make and inv lead to the same tasks; importing tasks.py is harmless; the layers have no exception, and a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devenv import main
from tests.conftest import REPO

DEV = REPO / "{{cookiecutter.repo_name}}" / ".dev"
SHIM = DEV.parent / "tasks.py"


def test_make_has_exactly_the_targets_that_there_are_tasks() -> None:
    text = (DEV / "dev.mk").read_text().replace("\\\n", " ")
    listed = re.search(r"^DEV_TASKS := (.*)$", text, re.M)
    assert listed
    targets = listed[1].split()
    assert sorted(targets) == sorted(main.collection().task_names)
    assert len(targets) == len(set(targets))


SILENT = """
from devenv import main
tasks = main.collection()
for name in tasks.task_names:
    silent = [str(argument) for argument in tasks[name].get_arguments() if not argument.help]
    if silent or not tasks[name].__doc__:
        print(name, *silent)
"""


def test_every_task_and_every_flag_says_what_it_is_for() -> None:
    # A process of its own: invoke takes the help out of a task when it first reads its flags.
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run([sys.executable, "-c", SILENT], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def import_shim() -> None:
    exec(compile(SHIM.read_text(), SHIM, "exec"), {"__file__": str(SHIM), "__name__": "tasks"})


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    calls: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execvp", lambda program, argv: calls.append((program, argv)))
    return calls


@pytest.mark.parametrize(
    "program", ["inv", "/usr/bin/inv", "/usr/bin/invoke", "C/inv.exe", "/lib/python3/site-packages/invoke/__main__.py"]
)
def test_the_shim_hands_over_under_inv(
    monkeypatch: pytest.MonkeyPatch, handed_over: list[tuple[str, list[str]]], program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "dev.run", "--", "a b"])
    import_shim()
    run = str(DEV / "run")
    assert handed_over == [("sh", ["sh", run, "dev.run", "--", "a b"])]


@pytest.mark.parametrize(
    "program",
    ["", "pytest", "/usr/bin/celery", "manage.py", "-c", "/venv/bin/invoked", "tasks.py", "/src/invoke/manage.py"],
)
def test_the_shim_is_harmless_elsewhere(
    monkeypatch: pytest.MonkeyPatch, handed_over: list[tuple[str, list[str]]], program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    import_shim()
    assert handed_over == []


def test_the_layers_have_no_exception() -> None:
    """`make lint` checks the imports; here only that nothing was excused from it."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    contract = text.partition("[tool.importlinter]")[2].partition("\n[tool.pytest")[0]
    listed = re.search(r"layers = \[(.*?)\]", contract, re.S)
    assert listed
    folders = {path.parent.name for path in (REPO / "devenv").glob("*/__init__.py")}
    named = {name.rpartition(".")[2] for name in re.findall(r'"\(?([a-z.]+)\)?"', listed[1])}
    assert named == folders | {"main"}
    assert "ignore" not in contract
    assert "unmatched" not in contract


def test_no_module_is_longer_than_a_reader_takes_in_at_once() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (REPO / "devenv").rglob("*.py")}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


def test_the_architecture_page_names_every_package_and_only_files_that_exist() -> None:
    text = (REPO / "docs" / "architecture.md").read_text()
    packages = {path.parent.name for path in (REPO / "devenv").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"^- `([a-z]+)/`: ", text, re.M))
    named = re.findall(r"`((?:[a-z]+/)+\w+\.py)`", text)
    assert [path for path in named if not (REPO / "devenv" / path).is_file()] == []
    walks = [re.findall(r"^\d\. `(\S+)`\. ", walk, re.M) for walk in re.split(r"^##+ ", text, flags=re.M)]
    assert [len(walk) for walk in walks if walk] == [6, 6, 6]
    folders = re.findall(r"^\| `(\S+)/` \|", text.partition("## The repository")[2], re.M)
    assert folders
    assert [name for name in folders if not (REPO / name).is_dir()] == []
