"""The examples, wagtail and the three of the stack, keep the contract version in their dev.yaml."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import services
from tests.suite.conftest import assert_kept

NAMES = ["wagtail", *services.SERVICES]
ENGINES = [pytest.param("compose", marks=pytest.mark.engine), "native"]


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest, bake: Callable[..., Path], tmp_path: Path) -> Path:
    """One of them as its owner has it, with a lock file for the services that it requires."""
    if request.param == "wagtail":
        return services.laid_over_bare(bake, "wagtail", 18170)
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
