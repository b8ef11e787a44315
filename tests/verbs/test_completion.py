"""Completion as shells ask for it: real bash, zsh and fish in the folder of a repository."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.verbs.repo import Repo
from tests.verbs.test_daily import chunks, own_terminal

pytestmark = pytest.mark.parametrize("engine", ["native"], indirect=True)
LIMIT = 0.3  # seconds of a processor, which other tests of the same run share; alone it takes half of that
ESCAPES = re.compile("\x1b\\[[0-9;?]*[a-zA-Z]")
SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}


def lines(repo: Repo, *words: str) -> set[str]:
    return set(repo.ok("--complete", "--", "inv", *words).stdout.splitlines())


@pytest.fixture
def script(repo: Repo, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The script for the shell of this test, as its install line writes it."""
    shell = request.node.callspec.params["shell"]
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here: apt-get install {shell}")
    done = repo.ok("dev.completion", shell)
    assert f"inv dev.completion {shell} >" in done.stderr
    path = tmp_path / f"completion.{shell}"
    path.write_text(done.stdout)
    return path


def test_what_can_follow(repo: Repo) -> None:
    repo.append("dev.yaml", "\nrequires:\n  lms: {repo: ../lms, version: v1.0}\n")
    state = Path(os.environ["XDG_STATE_HOME"], "devenv/v1/other", repo.token, "states/native/1/state.json")
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"name": "before", "kind": "snapshot"}))
    (state.parents[4] / f"{repo.token}.json").write_text("{}")
    assert {"dev.up", "template.update", "--list"} <= lines(repo, "dev.")
    assert {"--port", "--json", "--workspace"} <= lines(repo, "dev.up", "--p")
    assert {"default", "big-tenant", "--param"} <= lines(repo, "dev.seed", "")
    assert not {"dev.up", "dev.seed"} & lines(repo, "dev.seed", ""), "scenarios and flags, and no tasks among them"
    assert {"learners=", "courses="} == lines(repo, "dev.seed", "big-tenant", "-p", "")
    assert "big-tenant" in lines(repo, "dev.seed", "-p", "learners=1", "")
    assert "big-tenant" not in lines(repo, "dev.seed", "default", "")
    assert {"app", "db", "lms"} == lines(repo, "dev.logs", "--service", "")
    assert {"admin", "learner", "teacher"} == lines(repo, "dev.open", "--as", "")
    assert "other" in lines(repo, "dev.status", "-w", "")
    assert "before" in lines(repo, "dev.restore", "")
    assert {"list", "prune"} <= lines(repo, "dev.state", "")
    assert "lms" in lines(repo, "dev.use", "")
    assert {"--yes", "dev.up"} <= lines(repo, "dev.destroy"), "invoke's scripts leave out the empty word"
    assert lines(repo, "dev.test", "--", "") == set()
    shutil.rmtree(state.parents[4])


def test_an_error_is_no_answer(repo: Repo) -> None:
    valid = (repo.path / "dev.yaml").read_text()
    (repo.path / "dev.yaml").write_text("service: [\n")
    assert "--param" in lines(repo, "dev.seed", "")
    (repo.path / "tasks_local.py").write_text("1 / 0\n")
    done = repo.run("--complete", "--", "inv", "dev.")
    (repo.path / "dev.yaml").write_text(valid)  # the fixture's dev.destroy needs both as they were
    (repo.path / "tasks_local.py").unlink()
    assert (done.code, done.stdout, done.stderr) == (0, "", "")


def test_it_answers_at_once(repo: Repo) -> None:
    lines(repo, "")  # compiles

    def used() -> float:
        of = resource.getrusage(resource.RUSAGE_CHILDREN)
        return of.ru_utime + of.ru_stime

    took = []
    for _ in range(5):
        before = used()
        lines(repo, "dev.seed", "")
        took.append(used() - before)
    assert min(took) < LIMIT


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("inv dev.resta", "inv dev.restart"),
        (".dev/run dev.seed big", "big-tenant"),
        ("inv dev.open --as tea", "teacher"),
    ],
)
def test_a_tab_completes(repo: Repo, script: Path, shell: str, typed: str, whole: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, **repo.env, "TERM": "dumb", "HOME": str(tmp_path)}
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    argv = SHELLS[shell]
    with subprocess.Popen(
        argv, cwd=repo.path, env=env, start_new_session=True, preexec_fn=own_terminal, **streams
    ) as process:
        os.close(theirs)
        os.write(ours, f"PS1='READY '; . {script}\n".encode())
        given_up = threading.Timer(60, process.kill)
        given_up.start()
        screen, asked = "", False
        for chunk in chunks(ours):
            screen += ESCAPES.sub("", chunk)
            if not asked and screen.endswith("READY "):
                os.write(ours, f"{typed}\t".encode())
                screen, asked = "", True
            if whole in screen:
                process.kill()
                break
        given_up.cancel()
    os.close(ours)
    assert whole in screen


@pytest.mark.parametrize("shell", ["fish"])
def test_fish_completes(repo: Repo, script: Path, shell: str) -> None:
    def asked(typed: str) -> list[str]:
        argv = ["fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'"]
        done = subprocess.run(argv, cwd=repo.path, env={**os.environ, **repo.env}, capture_output=True, text=True)
        return done.stdout.split()

    assert asked("inv dev.resta") == ["dev.restart"]
    assert asked(".dev/run dev.open --as tea") == ["teacher"]
    assert {"default", "big-tenant"} <= set(asked("inv dev.seed "))


@pytest.mark.parametrize("shell", ["bash"])
def test_in_another_repository_invoke_answers(repo: Repo, script: Path, shell: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("from invoke import task\n@task\ndef greet(c):\n    pass\n")
    program = f". {script}; COMP_WORDS=(inv gr); COMP_CWORD=1; _devenv inv gr inv; echo ${{COMPREPLY[@]}}"
    done = subprocess.run([shell, "--norc", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["greet"]
