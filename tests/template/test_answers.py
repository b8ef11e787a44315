"""Bad answers are refused before a file is written, with a message that says what is allowed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException
from pytest_cookies.plugin import Cookies

from devenv.model import service_names

from .conftest import STACKS, Tools, script, tree

BAD = {
    "service=Catalog": "lower-case letters",
    "service=catalog-": "no dash last",
    "service=1catalog": "a letter first",
    "service=my_catalog": "letters, digits and dashes",
    "service=" + "a" * 41: "1 to 40",
    'service=it\'s \\ """': "letters, digits and dashes",
    "service=no": "another name; these mean something else",
    "service=db": "another name; these mean something else",
    "repo_name=-x": "a letter or digit first",
    "repo_name=a b": "letters, digits, dots",
    "beside=tests": "none, or with stack=bare any of compose, dockerfile, tasks",
    "worker=queue": "allowed: cache=redis, which holds the jobs",
    "port=80": "1024 to 65535",
    "port=65536": "1024 to 65535",
    "port=many": "1024 to 65535",
}


@pytest.fixture
def refused(
    cookies: Cookies, template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """refused(port="80") → our lines of complaint, which stand first; no file was written."""

    def bake(**answers: str) -> list[str]:
        result = cookies.bake(extra_context=answers, template=str(template))
        assert (result.exit_code, result.project_path) == (-1, None)
        assert isinstance(result.exception, FailedHookException)
        assert [path for path in (tmp_path / "cookies").rglob("*") if path.is_file()] == []
        return [line for line in capfd.readouterr().err.splitlines() if line.startswith("error[2]: ")]

    return bake


@pytest.mark.parametrize(("answer", "allowed"), BAD.items())
def test_bad_answer(refused: Callable[..., list[str]], answer: str, allowed: str) -> None:
    name, _, value = answer.partition("=")
    (complaint,) = refused(**{name: value})
    assert complaint.startswith(f"error[2]: {name} is ")
    assert allowed in complaint


def test_all_bad_answers_are_named_at_once(refused: Callable[..., list[str]]) -> None:
    assert len(refused(service="Catalog", port="80")) == 2


@pytest.mark.parametrize("service", ["a", "catalog-2", "a" * 40])
def test_good_names(cookies: Cookies, template: Path, service: str) -> None:
    result = cookies.bake(extra_context={"service": service, "stack": "bare"}, template=str(template))
    assert (result.exit_code, result.exception, result.project_path.name) == (0, None, service)
    assert (result.project_path / "dev.yaml").is_file()


def test_command_line_ends_with_a_failure_and_our_words_first(tools: Tools, template: Path, workdir: Path) -> None:
    """cookiecutter adds a traceback of its own to each failed hook."""
    done = tools.cookiecutter(template, "port=80", cwd=workdir, check=False)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("error[2]: port is ")
    assert list(workdir.iterdir()) == []


CHOICES = {"stack": "rails", "database": "oracle", "cache": "memcached", "worker": "cron"}


@pytest.mark.parametrize(("name", "answer"), CHOICES.items())
def test_a_wrong_choice_on_the_command_line(
    tools: Tools, template: Path, workdir: Path, name: str, answer: str
) -> None:
    """cookiecutter ends it with a traceback of its own, whose last line has the choices."""
    done = tools.cookiecutter(template, f"{name}={answer}", cwd=workdir, check=False)
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert f"{answer} provided for choice variable {name}" in last
    assert all(repr(choice) in last for choice in json.loads((template / "cookiecutter.json").read_text())[name])
    assert list(workdir.iterdir()) == []


def test_a_wrong_choice_is_asked_again(tools: Tools, template: Path, workdir: Path) -> None:
    answers = [
        "shop",
        "",
        "rails",
        "5",
        "4",
        "oracle",
        "3",
        "",
        "",
        "",
        "",
    ]  # a wrong one is typed before stack, database
    done = subprocess.run(
        [script("cookiecutter"), str(template)],
        input="\n".join([*answers, ""]),
        cwd=workdir,
        env={**os.environ, "HOME": str(tools.home), "PWD": str(workdir), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("Please select one of the available options") == 3
    assert [done.stdout.count(f"[{number}/8]") for number in range(1, 9)] == [1, 1, 3, 2, 1, 1, 1, 1]
    known = json.loads((workdir / "shop/.cruft.json").read_text())["context"]["cookiecutter"]
    assert (known["stack"], known["database"], known["beside"]) == ("bare", "none", "none")


@pytest.mark.parametrize("where", [[], ["--output-dir", "made here"]], ids=["here", "elsewhere"])
@pytest.mark.parametrize("stack", STACKS)
def test_it_ends_with_the_next_three_commands(
    tools: Tools, template: Path, workdir: Path, stack: str, where: list[str]
) -> None:
    done = tools.cookiecutter(template, f"stack={stack}", *where, cwd=workdir)
    title, cd, *commands = done.stderr.splitlines()[-4:]
    assert title == "next:"
    assert commands == (["  make dev.doctor", "  make dev.up"] if stack == "bare" else ["  make dev.up", "  make help"])
    there = tools.run("sh", "-c", f"{cd} && pwd", cwd=workdir).stdout.strip()
    assert Path(there) == workdir.joinpath(*where[1:], "catalog")


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


def test_reserved_names_are_those_of_the_tools() -> None:
    text = (Path(__file__).resolve().parents[2] / "hooks/pre_gen_project.py").read_text()
    listed = text.partition("RESERVED = (")[2].partition("\n)\n")[0]
    assert set(re.findall(r'"(\w+)"', listed)) == set(service_names.RESERVED)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="only /proc says in which folder cookiecutter is")
@pytest.mark.parametrize("address", [".", "../{name}", "{path}"])
def test_a_template_is_found_without_a_shell(tools: Tools, template: Path, workdir: Path, address: str) -> None:
    """A program that starts cookiecutter sets no PWD: `env -i`, cron, an editor."""
    words = [script("cookiecutter"), "--no-input", address.format(name=template.name, path=template)]
    env = {"PATH": os.environ["PATH"], "HOME": str(tools.home)}
    there = ["--output-dir", str(workdir)]
    done = subprocess.run([*words, *there], cwd=template, env=env, capture_output=True, text=True, check=True)
    known = json.loads((workdir / "catalog/.cruft.json").read_text())
    assert (known["template"], known["commit"]) == (str(template), tools.git("rev-parse", "HEAD", cwd=template))
    cd = done.stderr.splitlines()[-3]
    assert tools.run("sh", "-c", f"{cd} && pwd", cwd=tools.home).stdout.strip() == str(workdir / "catalog")


def test_cruft_makes_the_same_without_a_shell(tools: Tools, template: Path, workdir: Path) -> None:
    """Also what only a new service gets, and what an update would not bring again."""
    (tools.home / "tmp").mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(tools.home), "TMPDIR": str(tools.home / "tmp")}
    create = [script("cruft"), "create", str(template), "--no-input", "--extra-context", '{"stack": "bare"}']
    subprocess.run(create, cwd=workdir, env=env, capture_output=True, check=True)
    (workdir / "other").mkdir()
    tools.cookiecutter(template, "stack=bare", cwd=workdir / "other")
    assert tree(workdir / "catalog") == tree(workdir / "other/catalog")
