"""The step of an image that installs a library: with the secrets of the build, which it leaves in no layer."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from devenv.engines import additions
from devenv.engines.interface import Place
from devenv.engines.secrets import Secrets
from devenv.model import libraries, services
from devenv.model.libraries import Declared
from devenv.model.secrets import BUILD, Secret
from tests.conftest import run_quietly

pytestmark = pytest.mark.engine
COMPOSE = "services: {app: {build: {context: .}}}\n"
DOCKERFILE = "FROM python:3.13-slim\nUSER 1000:1000\nWORKDIR /app\n"
CHECK = 'test "$TOKEN" = s3cret-value && test "$(cat "$LOGIN")" = s3cret-file && id -u >/installed && pwd >>/installed'
# The smallest build backend, so that nothing is downloaded.
PROJECT = """\
[project]
name = "greeting"
version = "1.0.0"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """\
import os, zipfile

ABOUT = "greeting-1.0.0.dist-info/"


def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "greeting-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("greeting.pth", os.getcwd())
        wheel.writestr(ABOUT + "METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0.0\\n")
        wheel.writestr(ABOUT + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(ABOUT + "RECORD", "greeting.pth,,\\n" + ABOUT + "RECORD,,\\n")
    return name
"""


@contextmanager
def built(
    root: Path, library: libraries.Library, held: Mapping[str, str] | None = None, secrets: Secrets | None = None
) -> Iterator[str]:
    """The name of the image of a service with this library. `held`: values of secrets, by their ids."""
    (root / "compose.yaml").write_text(COMPOSE)
    (root / "Dockerfile").write_text(DOCKERFILE)
    place = Place(
        *(root, "main", "service", "app", "compose.yaml", ""),
        *(services.load(root / "compose.yaml", {}), {}, {}, "devenv-main", {}),
        libraries={library.name: library},
        secrets=secrets or Secrets(),
    )
    build = json.loads((root / additions.file(place)).read_text())["services"]["app"]["build"]
    contexts = [f"--build-context={name}={path}" for name, path in build["additional_contexts"].items()]
    image = f"devenv-test-{uuid.uuid4().hex[:8]}"
    argv = ["docker", "build", "--quiet", "--tag", image, "--file", build["dockerfile"], *contexts]
    given = [f"--secret=id={name},env=GIVEN_{name}" for name in held or {}]
    env = {**os.environ, **{f"GIVEN_{name}": value for name, value in (held or {}).items()}}
    try:
        run_quietly(*argv, "--target", build["target"], *given, root, env=env)
        yield image
    finally:
        run_quietly("docker", "image", "rm", "--force", image)


def test_a_declared_command_gets_the_secrets_of_the_build(tmp_path: Path) -> None:
    root, library = tmp_path / "service", tmp_path / "theme"
    for folder in (root, library / "inside"):
        folder.mkdir(parents=True)
    (library / "inside/install").write_text(CHECK)
    held = [Secret("token", (), (BUILD,), True, "TOKEN", "", ""), Secret("login", (), (BUILD,), True, "", "LOGIN", "")]
    theme = libraries.library(root, "theme", library, Declared(path="inside", install=("sh", "install")))
    with built(root, theme, {"token": "s3cret-value", "login": "s3cret-file"}, Secrets(held)) as image:
        look = "cat /installed; id -u; pwd; ls -A /run/secrets 2>/dev/null || true"
        said = run_quietly("docker", "run", "--rm", image, "sh", "-c", look).stdout.split()
        assert said == ["0", "/libraries/theme/checkout/inside", "1000", "/app"], "only the step is root's"
        assert "s3cret" not in run_quietly("docker", "history", "--no-trunc", image).stdout


@pytest.mark.timeout(120)
def test_pip_installs_where_there_is_no_uv(tmp_path: Path) -> None:
    root, library = tmp_path / "service", tmp_path / "greeting"
    for folder in (root, library):
        folder.mkdir()
    (root / "requirements.txt").write_text("greeting==1.0.0\n")
    (library / "pyproject.toml").write_text(PROJECT)
    (library / "backend.py").write_text(BACKEND)
    with built(root, libraries.library(root, "greeting", library, None)) as image:
        code = "import importlib.metadata; print(importlib.metadata.version('greeting'))"
        assert run_quietly("docker", "run", "--rm", image, "python", "-c", code).stdout == "1.0.0\n"
