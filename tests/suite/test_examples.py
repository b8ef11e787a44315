"""The examples keep the contract that their dev.yaml names, wagtail and the three of the stack."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import services
from tests.suite.conftest import check

WAGTAIL = Path(__file__).resolve().parents[2] / "examples" / "wagtail"
NAMES = ["wagtail", *services.SERVICES]
ENGINES = [pytest.param("compose", marks=pytest.mark.engine), "native"]


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest, bake: Callable[..., Path], tmp_path: Path) -> Path:
    """One of them as its owner has it, with the services that it requires locked."""
    if request.param == "wagtail":
        path = bake("bare", service="wagtail", port=18170)
        return shutil.copytree(WAGTAIL, path, dirs_exist_ok=True, ignore=services.LEFTOVERS)
    made = {name: services.make(bake, name, tmp_path) for name in services.SERVICES}
    for path in made.values():
        services.release(path, "v1.0.0")
    subprocess.run([made[request.param] / ".dev/run", "dev.lock"], check=True, capture_output=True)
    return made[request.param]


def test_its_files_keep_the_contract(example: Path) -> None:
    assert_kept(example, "--static")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_it_keeps_the_contract(example: Path, engine: str) -> None:
    assert_kept(example, "--engine", engine)


def assert_kept(repo: Path, *flags: str) -> None:
    found = check(repo, *flags)
    failing = [verdict for verdict in found.report["verdicts"] if verdict["status"] not in ("kept", "not applicable")]
    assert not failing
    assert found.code == 0
