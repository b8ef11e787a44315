"""IMG: the image."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import Any

import pytest

from conformance import composefile, dockerfile, image
from conformance.dockerfile import Instruction
from conformance.door import Done
from conformance.image import Image
from conformance.repository import Repository
from conformance.sandbox import Sandbox
from conftest import page, url_of

ROOT = ("", "root", "0")
TOOLS = ("cc", "make", "git")


@pytest.mark.contract("IMG-1")
def test_prod_says_that_it_is_not_root(instructions: list[Instruction]) -> None:
    """Name the last stage `AS prod`, and end it with `USER 10001:10001` or any user but root."""
    stages = dockerfile.stages(instructions)
    assert dockerfile.lineage(stages, "prod"), "the Dockerfile has no target prod"
    user = dockerfile.last(stages, "prod", "USER")
    assert user.partition(":")[0] not in ROOT, f"the user of prod is {user or 'not set, so root'}"


@pytest.mark.contract("IMG-1")
def test_prod_is_not_root(production: Image) -> None:
    """Put `USER 10001:10001` into stage prod."""
    user = image.user(production)
    assert user.partition(":")[0] not in ROOT, f"the image runs as {user or 'root'}"


@pytest.mark.contract("IMG-2")
def test_the_dockerfile_gives_no_secret_a_value(instructions: list[Instruction]) -> None:
    """Read secrets from the environment at run time, and in the build with `RUN --mount=type=secret`."""
    found = [f"line {line}: {name}" for line, name in dockerfile.secrets(instructions)]
    assert not found, "\n".join(found)


@pytest.mark.contract("IMG-2")
def test_no_layer_holds_a_secret(production: Image) -> None:
    """Add `.env` and `.git` to .dockerignore. Use a secret only in the RUN that mounts it, and do not copy it."""
    found = image.leaks(production)
    assert not found, "\n".join(found)


@pytest.mark.contract("IMG-3")
def test_every_image_names_a_version(
    repository: Repository, instructions: list[Instruction], services: dict[str, Any]
) -> None:
    """Add the tag of a version: `postgres:17`, `python:3.13-slim`."""
    named = [(f"{repository.dockerfile_path.name}:{line}", name) for line, name in dockerfile.images(instructions)]
    pulled = {name: service for name, service in services.items() if "image" in service and "build" not in service}
    named += [(name, composefile.with_defaults(str(service["image"]))) for name, service in pulled.items()]
    wrong = [f"{where}: {name}" for where, name in named if dockerfile.unversioned(name)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("IMG-4")
def test_lean_starts_without_the_checkout(sandbox: Sandbox, lean: Done) -> None:
    """Let DEV_LEAN=1 start target prod with production's command, without the mounted source. A second compose file
    can remove the mount.
    """
    assert lean.ok, str(lean)
    url = url_of(lean)
    status = page(url)
    assert 0 < status < 500, f"{url} answered with status {status}"
    mounts = [m for c in sandbox.machine.containers() for m in c["Mounts"] if m.get("Type") == "bind"]
    inside = [m["Source"] for m in mounts if PurePath(m["Source"]).is_relative_to(sandbox.checkout)]
    assert not inside, "mounted: " + ", ".join(inside)


@pytest.mark.contract("IMG-5")
def test_prod_has_no_tools_of_development(production: Image, dev: dict[str, Any]) -> None:
    """Build in one stage. Start prod from the plain base image, and copy only what runs into it."""
    test = shlex.split(str((dev.get("commands") or {}).get("test", "")))[:1]
    own = [PurePath(word).name for word in image.command(production)[:1]]
    found = image.programs(production, [*TOOLS, *(word for word in test if word not in own)])
    assert not found, "prod has " + ", ".join(found)


@pytest.mark.contract("IMG-6")
def test_every_run_is_explained(repository: Repository, instructions: list[Instruction]) -> None:
    """Write a comment above the RUN that says what goes wrong without it."""
    runs = [instruction for instruction in instructions if instruction.name == "RUN"]
    silent = [i for i in runs if not any(comment.strip("# ") for comment in i.comments)]
    assert not silent, "\n".join(f"{repository.dockerfile_path.name}:{i.line}: RUN {i.rest[:60]}" for i in silent)
