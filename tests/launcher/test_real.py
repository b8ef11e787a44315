"""The template itself, and services that cookiecutter makes of it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Bake, until
from tests.gitrepo import commit, git, repin
from tests.launcher.conftest import Machine, end
from tests.messages import FETCHING_TOOLS

LONG = """\
import sys, time
from pathlib import Path
from invoke import task

@task
def long(c):
    Path("started").touch()
    while not Path("collected").exists():
        time.sleep(0.05)
    import devenv.databases.mysql_catalogue as late
    print(late.__file__)
"""
DAYS = 24 * 60 * 60


def age(folder: Path, days: int) -> None:
    then = time.time() - days * DAYS
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (then, then), follow_symlinks=False)


def test_a_generated_service_starts_cold_and_then_at_once(machine: Machine, bake: Bake, template: Path) -> None:
    repo = bake()
    cold = machine.run(repo, "--list")
    assert "dev.up" in cold.out
    assert FETCHING_TOOLS in cold.err
    warm = machine.run(repo, "--list")
    assert (warm.out, warm.err) == (cold.out, "")
    for pages in ("json.py", "types.py"):
        (repo / pages).write_text("raise SystemExit('a foreign module was imported')")
    assert machine.run(repo, "--list", PYTHONPATH=str(repo)).out == cold.out


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("tools/*/devenv/tasks/daily.py", ["--list"]),
        ("tools/*/devenv/tasks/explain.py", ["dev.explain", "113"]),  # a command imports the module of its task alone
        ("environments/*/lib/python3*/site-packages/yaml", ["--list"]),
    ],
)
def test_a_module_that_is_gone_is_repaired_on_a_hit(machine: Machine, bake: Bake, lost: str, words: list[str]) -> None:
    repo = bake()
    machine.run(repo, "--list")
    first = machine.run(repo, *words)
    (found,) = machine.cache.glob(lost)
    found.rename(machine.folder / "moved away")
    answer = machine.run(repo, *words)
    assert (answer.code, answer.out) == (0, first.out), answer
    assert "files of the tools are missing or damaged" in answer.err
    again = machine.run(repo, *words)
    assert (again.out, again.err) == (first.out, first.err)


def test_collection_keeps_what_runs_and_what_a_record_names(
    machine: Machine, bake: Bake, template: Path, tmp_path: Path
) -> None:
    commits = [git(template, "rev-parse", "HEAD")]
    copy = tmp_path / "template"
    subprocess.run(["git", "clone", "-q", template, copy], check=True)
    commits += [commit(copy, name) for name in "bcd"]
    services = []
    for name, made in zip("abcd", commits):
        repo = bake(into=tmp_path / name)
        repin(repo, copy, made)
        assert machine.run(repo, "--list").code == 0
        services.append(repo)
    running, recorded, _, current = services
    (running / "tasks_local.py").write_text(LONG)
    state = tmp_path / "state"
    record = state / "devenv/v1/main/catalog.json"
    record.parent.mkdir(parents=True)
    record.write_text(f'{{"version": 1, "service": "catalog", "workspace": "main", "checkout": "{recorded}"}}')
    long = machine.start(running, "long", XDG_STATE_HOME=str(state))
    assert until(lambda: (running / "started").exists() or long.poll() is not None)
    age(machine.cache, 90)
    (machine.cache / "users/.clock").unlink(missing_ok=True)  # that the times are old is not a jump of the clock
    answer = machine.run(current, "template.prune", XDG_STATE_HOME=str(state))
    (running / "collected").touch()
    ended = end(long)
    assert answer.code == 0, answer
    assert machine.entries == sorted([commits[0], commits[1], commits[3]]), answer
    assert ended.code == 0, ended
    assert str(machine.cache / "tools" / commits[0]) in ended.out
