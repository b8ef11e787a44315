"""A hardened machine, on which new files are for their owner alone: README's first command, and the daily verbs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Bake, run_quietly
from tests.examples.test_demo import Clone, clone  # noqa: F401
from tests.verbs import machine
from tests.verbs.fixtures import NATIVE_FIRST

pytestmark = pytest.mark.timeout(900)

DAILY = [
    ["dev.status"],
    ["dev.logs", "--tail", "1"],
    ["dev.run", "--", "python", "manage.py", "check"],
    ["dev.test"],
    ["dev.reset"],
    ["dev.snapshot", "kept"],
    ["dev.restore", "kept"],
    ["dev.edit", "lms"],
    ["dev.down"],
    ["dev.up"],
]


@pytest.fixture
def hardened(
    request: pytest.FixtureRequest, template: Path, nobodys_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """From here on, for what this process starts. What all tests share is made before; uv's cache is one of its own."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize("hardened", [pytest.param(0o027, marks=pytest.mark.slow), 0o077], indirect=True)
def test_first_command_and_daily_verbs(hardened: None, clone: Clone, engine: str) -> None:  # noqa: F811
    clone.demo()
    [lms] = clone.shop.status()["requires"]
    assert lms["healthy"], lms
    for words in DAILY:
        clone.shop.ok(*words)
    found = clone.shop.status()
    assert (found["healthy"], found["requires"][0]["healthy"]) == (True, True)
    assert clone.run("make", "demo", "ARGS=--remove").code == 0
    assert machine.left_by(clone.env["DEV_WORKSPACE"], clone.path, engine) == []


def secret() -> list[str]:
    """The authorities of this network, as `dev.up` hands them to a build."""
    bundle = os.environ.get("CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or os.devnull
    return ["--secret", f"id=ca,src={bundle}"]


@pytest.mark.engine
@pytest.mark.parametrize("stack", ["django", "fastapi", "node"])
def test_its_user_can_read_production_s_code(bake: Bake, stack: str) -> None:
    path, image = bake(stack), f"t{uuid.uuid4().hex[:8]}"
    run_quietly("chmod", "-R", "go=", path)
    try:
        run_quietly("docker", "build", "-q", "--target", "prod", "--tag", image, *secret(), path)
        run_quietly("docker", "run", "--rm", "--entrypoint", "tar", image, "-cf", "/dev/null", "/app")
    finally:
        run_quietly("docker", "image", "rm", image)
