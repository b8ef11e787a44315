"""Repositories in other languages, written from CONTRACT.md alone, keep level core, and others can require them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.suite.conftest import CHECK, check
from tests.verbs import machine
from tests.verbs.repo import Repo, get

FOREIGN = CHECK.parents[1] / "foreign"
OFTEN = "php"  # the whole suite runs on one in every run; other tests here use the one in Python
NAMES = sorted(path.name for path in FOREIGN.iterdir())
TEMPLATE = CHECK.parents[2] / "{{cookiecutter.repo_name}}"
EACH = [pytest.param(name, marks=[] if name == OFTEN else pytest.mark.slow) for name in NAMES]


def test_they_are_three_in_three_languages() -> None:
    assert NAMES == ["node", "php", "python"]


@pytest.mark.parametrize("name", NAMES)
def test_it_shares_no_line_of_code_with_the_template(name: str) -> None:
    """Compares lines of more than 60 characters that are not comments."""
    ours = {
        line
        for path in TEMPLATE.rglob("*")
        if path.suffix in (".py", ".sh") or path.name == "run"
        for line in said(path)
    }
    theirs = {line for path in (FOREIGN / name).rglob("*") if path.is_file() for line in said(path)}
    assert not {line for line in ours & theirs if len(line) > 60}


def said(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(errors="replace").splitlines() if not line.strip().startswith("#")]


@pytest.mark.parametrize("name", NAMES)
def test_its_files_keep_level_core(name: str) -> None:
    found = check(FOREIGN / name, "--static", "--level", "core")
    assert (found.code, found.broken) == (0, set())
    assert found.with_status("not applicable") == set()


@pytest.mark.engine
@pytest.mark.parametrize("name", EACH)
def test_it_keeps_level_core(name: str) -> None:
    found = check(FOREIGN / name, "--engine", "compose", "--level", "core")
    failing = {v["id"]: v["evidence"] for v in found.report["verdicts"] if v["status"] != "kept"}
    assert not failing, "no MUST of level core is broken, not judged or not applicable"
    assert found.code == 0


@pytest.mark.engine
@pytest.mark.slow
def test_one_has_snapshots_without_the_template() -> None:
    """Snapshots belong to level full. This repository has them, and declares level core."""
    musts = {"DATA-7", "DATA-8", "DATA-9", "DATA-10"}
    found = check(FOREIGN / "python", "--engine", "compose", *(word for must in musts for word in ("--only", must)))
    assert found.with_status("kept") == musts, found.report


CONSUMER = """
requires:
  weather:
    repo: ../weather
    version: v1.0.0
    scenarios:
      - reader: {name: "{url}"}
    env: {WEATHER_TOKEN: "{reader.token}"}
"""


@pytest.fixture
def consumer(bake: Callable[..., Path], tmp_path: Path, free_port: int) -> Repo:
    """A generated service that requires the foreign one in Python, both git repositories side by side."""
    weather = shutil.copytree(FOREIGN / "python", tmp_path / "weather")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "First release"], ["tag", "v1.0.0"]):
        subprocess.run(["git", "-C", str(weather), *words], check=True)
    token = f"t{tmp_path.name.rpartition('-')[2]}{free_port}".replace("_", "-")
    path = bake("django", into=tmp_path, service=token, port=free_port)
    with (path / "dev.yaml").open("a") as file:
        file.write(CONSUMER)
    workspace = {"DEV_WORKSPACE": token, "DEV_NETWORK": f"devenv-{token}"}
    return Repo(path, token, {"DEV_ENGINE": "compose", **workspace})


@pytest.mark.engine
def test_a_generated_service_requires_a_foreign_one(consumer: Repo) -> None:
    try:
        consumer.ok("dev.up")
        (weather,) = consumer.status()["requires"]
        assert weather["healthy"] is True
        assert get(weather["url"])[0] == 200
        assert consumer.ok("dev.run", "--", "printenv", "WEATHER_TOKEN").stdout.strip()
        asked = (
            "import os, urllib.request as u; print(u.urlopen(os.environ['WEATHER_INTERNAL_URL'] + '/health').status)"
        )
        assert consumer.ok("dev.run", "--", "python", "-c", asked).stdout.strip() == "200"
        assert json.loads(consumer.ok("dev.plan", "--json").stdout)["requires"][0]["service"] == "weather"
    finally:
        consumer.run("dev.destroy", "--yes")
        left = machine.docker_things(consumer.token)
        machine.remove_by_force(consumer.token)
    assert not left
