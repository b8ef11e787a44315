"""The step of an image that installs a library: with the secrets of the build, which it leaves in no layer."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import pytest

from devenv.engines import additions
from devenv.engines.interface import Place
from devenv.engines.secrets import Secrets
from devenv.model import libraries, services
from devenv.model.libraries import Declared
from devenv.model.secrets import BUILD, Secret
from tests.conftest import run_quietly

COMPOSE = "services: {app: {build: {context: .}}}\n"
DOCKERFILE = "FROM python:3.13-slim\nUSER 1000:1000\nWORKDIR /app\n"
CHECK = 'test "$TOKEN" = s3cret-value && test "$(cat "$LOGIN")" = s3cret-file && id -u >/installed && pwd >>/installed'


@pytest.mark.engine
def test_a_declared_command_gets_the_secrets_of_the_build(tmp_path: Path) -> None:
    root, library = tmp_path / "service", tmp_path / "theme"
    for folder in (root, library / "inside"):
        folder.mkdir(parents=True)
    (root / "compose.yaml").write_text(COMPOSE)
    (root / "Dockerfile").write_text(DOCKERFILE)
    (library / "inside/install").write_text(CHECK)
    held = [Secret("token", (), (BUILD,), True, "TOKEN", "", ""), Secret("login", (), (BUILD,), True, "", "LOGIN", "")]
    how = Declared(path="inside", install=("sh", "install"))
    place = Place(
        *(root, "main", "service", "app", "compose.yaml", ""),
        *(services.load(root / "compose.yaml", {}), {}, {}, "devenv-main", {}),
        libraries={"theme": libraries.library(root, "theme", library, how)},
        secrets=Secrets(held),
    )
    build = json.loads((root / additions.file(place)).read_text())["services"]["app"]["build"]
    contexts = [f"--build-context={name}={path}" for name, path in build["additional_contexts"].items()]
    image = f"devenv-test-{uuid.uuid4().hex[:8]}"
    argv = ["docker", "build", "--quiet", "--tag", image, "--file", build["dockerfile"], *contexts]
    given = ["--secret=id=token,env=GIVEN_TOKEN", "--secret=id=login,env=GIVEN_LOGIN"]
    env = {**os.environ, "GIVEN_TOKEN": "s3cret-value", "GIVEN_LOGIN": "s3cret-file"}
    try:
        run_quietly(*argv, "--target", build["target"], *given, root, env=env)
        look = [
            "docker",
            "run",
            "--rm",
            image,
            "sh",
            "-c",
            "cat /installed; id -u; pwd; ls -A /run/secrets 2>/dev/null || true",
        ]
        said = run_quietly(*look).stdout.split()
        assert said == ["0", "/libraries/theme/checkout/inside", "1000", "/app"], "only the step is root's"
        assert "s3cret" not in run_quietly("docker", "history", "--no-trunc", image).stdout
    finally:
        run_quietly("docker", "image", "rm", "--force", image)
