"""Each thing that `dev.doctor` can find wrong, provoked for real: it is reported, and only it, and its fix helps."""

from __future__ import annotations

import ast
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NO_ENGINE, REPO, has_engine, run_quietly, until
from tests.machines.conditions import (
    BY_FLAG,
    COMPOSE,
    COMPOSE_YAML,
    CONDITIONS,
    DEV_YAML,
    DOCKERFILE,
    HELD,
    NATIVE,
    SMALL,
    TESTED,
    Condition,
)
from tests.machines.test_doctor import no_settings  # noqa: F401
from tests.verbs import machine
from tests.verbs.repo import Repo

CHECKS = ("doctor", "machine", "emulation", "secrets")  # the modules of devenv/lifecycle with the checks


@pytest.fixture
def small(bake: Callable[..., Path], tmp_path: Path, free_port: int, request: pytest.FixtureRequest) -> Iterator[Repo]:
    """A service of a few lines in which nothing is wrong, on the engine that the condition is about."""
    token = f"t{uuid.uuid4().hex[:8]}"
    engine = request.param
    env = {"DEV_ENGINE": engine, "XDG_STATE_HOME": str(tmp_path / "state"), "DEV_NETWORK": f"devenv-{token}"}
    if engine == COMPOSE and not has_engine():
        pytest.skip(NO_ENGINE)
    if engine != COMPOSE:
        env["DOCKER_HOST"] = "unix:///nonexistent"
    repo = Repo(bake("bare", service=token, port=free_port), token, env)
    files = {
        "server.py": SMALL,
        "Dockerfile": DOCKERFILE,
        "compose.yaml": COMPOSE_YAML.replace("SERVICE", token),
        "dev.yaml": DEV_YAML.format(token=token, port=free_port),
    }
    for name, text in files.items():
        (repo.path / name).write_text(text)
    yield repo
    HELD.close()
    machine.remove_by_force(token) if engine == COMPOSE else None


def engines() -> list[Any]:
    """Each condition with its engines: every fourth, with one of them, in each run, all at night."""
    found = []
    for turn, each in enumerate(CONDITIONS):
        for engine in each.engines:
            marks = [pytest.mark.engine] if engine == COMPOSE else []
            marks += [pytest.mark.slow] if turn % 4 or engine != each.engines[0] else []
            found.append(pytest.param(engine, each, marks=marks, id=f"{engine} {each.code} {each.name}"))
    return found


def wrong(repo: Repo) -> list[dict[str, str]]:
    findings = repo.run("dev.doctor", "--json").json()
    assert all(bool(each["fix"]) != each["ok"] for each in findings), findings
    return [each for each in findings if not each["ok"]]


def says(pattern: str, text: str) -> bool:
    """Whether a text is as the table has it: `…` is what differs."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), text, re.S) is not None


@pytest.mark.parametrize(("small", "condition"), engines(), indirect=["small"])
def test_it_is_reported_and_only_it_and_its_fix_helps(small: Repo, tmp_path: Path, condition: Condition) -> None:
    ill = condition.provoke(small, tmp_path)
    [found] = wrong(ill)
    assert found["code"] == condition.code
    assert says(condition.what, found["what"]), found
    assert says(condition.fix, found["fix"]), found
    well = condition.repair(ill, tmp_path, found["fix"])
    try:
        assert wrong(well) == []
        if condition.starts:
            well.ok("dev.up")
    finally:
        well.run("dev.destroy", "--yes")


@pytest.mark.parametrize("small", ["native", pytest.param(COMPOSE, marks=pytest.mark.engine)], indirect=True)
def test_nothing_is_wrong(small: Repo) -> None:
    assert wrong(small) == []


FIXED = [pytest.param(NATIVE, each, id=each.code) for each in CONDITIONS if each.by == BY_FLAG]


@pytest.mark.parametrize(("small", "condition"), FIXED, indirect=["small"])
def test_the_flag_fix_shows_and_removes_damaged_caches(small: Repo, tmp_path: Path, condition: Condition) -> None:
    ill = condition.provoke(small, tmp_path)
    [found] = wrong(ill)
    done = ill.ok("dev.doctor", "--fix")
    assert done.commands == [found["fix"].removesuffix("; inv dev.up")]
    assert wrong(ill) == []
    ill.ok("dev.up")
    ill.ok("dev.destroy", "--yes")


@pytest.mark.parametrize("small", ["native"], indirect=True)
def test_the_flag_fix_removes_nothing_else(small: Repo, tmp_path: Path) -> None:
    """Data of a checkout that is gone is a person's to remove."""
    [condition] = [each for each in CONDITIONS if each.code == "D22"]
    ill = condition.provoke(small, tmp_path)
    done = ill.fails(1, "dev.doctor", "--fix")
    assert done.commands == []
    [found] = wrong(ill)
    condition.repair(ill, tmp_path, found["fix"])


@pytest.mark.parametrize("small", ["native"], indirect=True)
def test_a_failed_dev_up_looks_in_less_than_a_second(small: Repo, tmp_path: Path) -> None:
    """Compared with the same command where it asks for nothing that is missing: what differs is the look."""
    small.edit("dev.yaml", 'python: ">=3.9"', 'python: ">=3.99"')
    small.env["CA_BUNDLE"] = str(tmp_path / "missing.pem")

    def took(*words: str) -> float:
        begun = time.monotonic()
        small.fails(110, *words)
        return time.monotonic() - begun

    done = small.fails(110, "dev.up")
    assert [hint for hint in done.hints if hint.startswith("D29 CA_BUNDLE=")], done.hints
    # Again where other tests of the run slow one of the two down.
    assert until(lambda: took("dev.up") - took("dev.run", "--", "true") < 1.0)


@pytest.mark.parametrize("small", ["native", pytest.param(COMPOSE, marks=pytest.mark.engine)], indirect=True)
def test_a_dev_up_that_ends_unhealthy_says_what_doctor_found(small: Repo, tmp_path: Path) -> None:
    """And no code if nothing else is wrong."""
    (small.path / "server.py").write_text("raise SystemExit('broken')\n")
    small.edit("dev.yaml", "ready: 60s", "ready: 5s")

    def found() -> list[str]:
        return [hint for hint in small.fails(112, "dev.up").hints if re.match(r"D\d\d ", hint)]

    assert found() == []
    small.env["https_proxy"] = "http://:3128"
    [hint] = found()
    assert hint == "D39 not the address of a proxy: https_proxy=http://:3128; fix: write it as http://HOST:PORT"
    small.ok("dev.destroy", "--yes")


def findings() -> Iterator[tuple[str, ast.Call]]:
    """Each code in the code, with the call that makes the finding."""
    for name in CHECKS:
        for call in ast.walk(ast.parse((REPO / f"devenv/lifecycle/{name}.py").read_text())):
            code = call.args[0] if isinstance(call, ast.Call) and call.args else None
            if isinstance(code, ast.Constant) and re.fullmatch(r"D\d\d", str(code.value)):
                yield code.value, call


def is_fine(call: ast.Call) -> bool:
    return len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and call.args[1].value is True


def test_each_code_has_a_row_and_each_row_a_code() -> None:
    assert {code for code, call in findings() if not is_fine(call)} == {each.code for each in CONDITIONS}
    assert len(CONDITIONS) >= 30


def test_each_finding_with_a_safe_fix_has_a_row_that_says_so() -> None:
    """Those with folders to remove, which are made by one function: see Finding.damaged."""
    damaged = {
        code for code, call in findings() if isinstance(call.func, ast.Attribute) and call.func.attr == "damaged"
    }
    assert damaged == {each.code for each in CONDITIONS if each.by == BY_FLAG}


def test_each_section_of_the_page_names_tests_that_there_are() -> None:
    """And that provoke it on the engines that it says."""
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", __file__]
    ids = run_quietly(*argv, cwd=REPO).stdout
    sections = (REPO / "docs/reference/doctor.md").read_text().split("\n## ")[1:]
    assert len(sections) == len(CONDITIONS)
    for section in sections:
        code, name = section.splitlines()[0].split(": ", 1)
        tested, _, _ = " ".join(section.split()).rpartition(f": `tests/machines/test_conditions.py -k {code}`")
        engines = [engine for engine, words in TESTED.items() if words in tested.rpartition("Tested ")[2]]
        assert engines, section
        assert [f"[{engine} {code} {name}]" for engine in engines if f"[{engine} {code} {name}]" not in ids] == []
