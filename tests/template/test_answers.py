"""Bad answers are refused before a file is written, with a message that says what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Tools

BAD = {
    "service=Catalog": "lower-case letters",
    "service=catalog-": "no dash last",
    "service=1catalog": "a letter first",
    "service=my_catalog": "letters, digits and dashes",
    "service=" + "a" * 41: "1 to 40",
    'service=it\'s \\ """': "letters, digits and dashes",
    "repo_name=-x": "a letter or digit first",
    "repo_name=a b": "letters, digits, dots",
    "stack=rails": "one of: django, bare",
    "database=oracle": "one of: postgres",
    "port=80": "1024 to 65535",
    "port=65536": "1024 to 65535",
    "port=many": "1024 to 65535",
}


@pytest.mark.parametrize(("answer", "allowed"), BAD.items())
def test_bad_answer(tools: Tools, template: Path, workdir: Path, answer: str, allowed: str) -> None:
    done = tools.cookiecutter(template, answer, cwd=workdir, check=False)
    # The first line is ours; cookiecutter adds a traceback of its own to each failed hook.
    complaint = done.stderr.splitlines()[0]
    assert done.returncode != 0
    assert complaint.startswith(f"error[2]: {answer.split('=')[0]} is ")
    assert allowed in complaint
    assert list(workdir.iterdir()) == []


def test_all_bad_answers_are_named_at_once(tools: Tools, template: Path, workdir: Path) -> None:
    done = tools.cookiecutter(template, "stack=rails", "port=80", cwd=workdir, check=False)
    assert done.stderr.count("error[2]: ") == 2


@pytest.mark.parametrize("service", ["a", "catalog-2", "a" * 40])
def test_good_names(tools: Tools, template: Path, workdir: Path, service: str) -> None:
    tools.cookiecutter(template, f"service={service}", "stack=bare", cwd=workdir)
    assert (workdir / service / "dev.yaml").is_file()


def test_every_question_has_a_help_text(template: Path) -> None:
    questions = json.loads((template / "cookiecutter.json").read_text())
    assert {name for name in questions if not name.startswith("_")} == set(questions["__prompts__"])


def test_somebodys_folder_is_not_written_over(tools: Tools, template: Path, workdir: Path) -> None:
    theirs = workdir / "catalog" / "Makefile"
    theirs.parent.mkdir()
    theirs.write_text("theirs\n")
    done = tools.cookiecutter(template, "--overwrite-if-exists", cwd=workdir, check=False)
    assert (done.returncode, "is not empty" in done.stderr) == (1, True)
    assert [path.read_text() for path in theirs.parent.iterdir()] == ["theirs\n"]


def test_fresh_git_repository_may_be_filled(tools: Tools, template: Path, workdir: Path) -> None:
    tools.git("init", "--quiet", "catalog", cwd=workdir)
    tools.cookiecutter(template, "--overwrite-if-exists", cwd=workdir)
    assert (workdir / "catalog/.git").is_dir()
    assert (workdir / "catalog/dev.yaml").is_file()
