"""What is written for Podman, which needs no Podman to look at. tests/machines/test_cells.py runs it."""

from __future__ import annotations

import json
import uuid
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml

from devenv.base.errors import DevError
from devenv.engines import additions, podman
from devenv.engines.interface import Place
from devenv.model import services
from tests.conftest import run_quietly

COMPOSE = """
services:
  app:
    build: .
    healthcheck: {test: [CMD, python, -c, 'print(1, "$$HOME")'], interval: 30s, start_interval: 500ms}
  db:
    image: postgres:17
    healthcheck: {test: [CMD, pg_isready, -q], start_interval: 200ms}
  cache:
    image: valkey/valkey:8
    healthcheck: {test: redis-cli ping}
"""


class Loader(yaml.SafeLoader):
    """Knows Compose's tag that removes what another file says."""


Loader.add_constructor("!reset", lambda *_: "reset")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    compose = tmp_path / "compose.yaml"
    compose.write_text(COMPOSE)
    found = services.load(compose, {})
    return Place(tmp_path, "main", "catalog", "app", "compose.yaml", "", found, {}, {}, "net", {})


def test_docker_gets_the_health_checks_as_they_are(place: Place) -> None:
    assert additions.file(place) == ""


def test_podman_gets_no_start_interval_and_no_word_with_a_space(place: Place) -> None:
    text = (place.root / additions.file(place, podman=True)).read_text()
    found = yaml.load(text, Loader)["services"]
    assert found == {
        "app": {"healthcheck": {"start_interval": "reset", "test": ["CMD-SHELL", "python -c 'print(1, \"$$HOME\")'"]}},
        "db": {"healthcheck": {"start_interval": "reset"}},
    }


PAIR = """
services:
  one: {image: "python:3.13-slim", command: sleep 600, init: true, environment: {A: "${A}"}}
  two: {image: "python:3.13-slim", command: sleep 600, init: true}
"""


@pytest.mark.engine
def test_a_container_that_compose_would_make_in_the_same_way_is_known(tmp_path: Path) -> None:
    """Docker's Compose notes the same about a container as Podman's does."""
    (tmp_path / "compose.yaml").write_text(PAIR)
    name = f"t{uuid.uuid4().hex[:8]}"
    compose = ["docker", "compose", "-f", tmp_path / "compose.yaml", "-p", name]

    def unchanged(a: str, images: dict[str, str]) -> set[str]:
        hashes = run_quietly("env", f"A={a}", *compose, "config", "--hash", "*").stdout
        return podman.unchanged({each: ids[each] for each in images}, images, hashes)

    try:
        run_quietly("env", "A=1", *compose, "up", "--detach", "--quiet-pull")
        rows = run_quietly("docker", "inspect", "--format", "{{.Id}}", f"{name}-one-1", f"{name}-two-1").stdout
        ids = dict(zip(["one", "two"], rows.split()))
        same = {"one": "python:3.13-slim", "two": "python:3.13-slim"}
        assert unchanged("1", same) == {"one", "two"}
        assert unchanged("2", same) == {"two"}
        assert unchanged("1", {**same, "two": "postgres:17"}) == {"one"}
        assert unchanged("1", {**same, "one": "not-built-yet"}) == {"two"}
        assert podman.unchanged({}, {}, "") == set()
    finally:
        run_quietly(*compose, "down", "--timeout", "1")


def project(**build: object) -> dict[str, object]:
    """What Compose prints."""
    app = {"build": {"context": "/code", "dockerfile": "Dockerfile", **build}}
    secrets = {"ca": {"file": "/dev/null"}, "own": {"file": "/etc/ca.pem"}}
    return {"name": "main-catalog", "services": {"app": app}, "secrets": secrets}


def test_podman_builds_what_compose_read() -> None:
    asked = project(
        target="dev",
        args={"A": "1", "unset": None},
        secrets=[{"source": "ca"}, {"source": "own"}],
        additional_contexts={"library": "/library"},
    )
    [argv] = podman.builds("unix:///podman.sock", json.loads(json.dumps(asked)), ["app"], "a=b")
    assert argv == [
        *["podman", "--url", "unix:///podman.sock", "build", "--no-cache"],
        *[
            "--tag",
            "docker.io/library/main-catalog-app",
            "--label",
            "a=b",
            "--file",
            "/code/Dockerfile",
            "--target",
            "dev",
            "--build-arg",
            "A=1",
        ],
        *["--build-context", "library=/library", "--secret", "id=own,src=/etc/ca.pem", "/code"],
    ]


@pytest.mark.parametrize(
    ("image", "whole"),
    [
        ("catalog", "docker.io/library/catalog"),
        ("acme/catalog:1", "docker.io/acme/catalog:1"),
        ("ghcr.io/acme/catalog", "ghcr.io/acme/catalog"),
        ("localhost:5000/catalog", "localhost:5000/catalog"),
    ],
)
def test_an_image_has_docker_s_name(image: str, whole: str) -> None:
    found = project()
    found["services"]["app"]["image"] = image  # type: ignore[index]
    [argv] = podman.builds("unix:///podman.sock", found, ["app"], "a=b")
    assert argv[argv.index("--tag") + 1] == whole


def test_what_is_built_alike_is_built_once() -> None:
    found = project(target="dev")
    services = found["services"]
    services["worker"], services["other"] = {**services["app"]}, project(target="prod")["services"]["app"]  # type: ignore[index]
    argvs = podman.builds("unix:///podman.sock", found, ["app", "worker", "other"], "a=b")
    tags = [[argv[at + 1].rpartition("/")[2] for at, word in enumerate(argv) if word == "--tag"] for argv in argvs]
    assert tags == [["main-catalog-app", "main-catalog-worker"], ["main-catalog-other"]]


@pytest.mark.parametrize(
    ("step", "asks"),
    [
        ("RUN --mount=type=ssh git clone x", True),
        ("RUN --mount=type=cache,target=/c --mount=id=default,type=ssh x", True),
        ("RUN --mount=type=cache,target=/c \\\n    --mount=type=ssh x", True),
        ("RUN --mount=type=secret,id=ssh ssh x", False),
        ("#     --mount=type=ssh \\\nRUN x", False),
    ],
)
def test_a_build_that_asks_for_the_agent_is_refused(tmp_path: Path, step: str, asks: bool) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM x\n{step}\n")
    with pytest.raises(DevError) if asks else nullcontext():
        podman.check_agent("catalog", tmp_path / "Dockerfile")


def test_a_secret_of_a_variable_is_a_file_while_podman_builds() -> None:
    asked = {**project(secrets=[{"source": "token"}]), "secrets": {"token": {"environment": "DEVENV_TOKEN"}}}
    with podman.resolved(json.dumps(asked), {"DEVENV_TOKEN": "word"}) as found:
        [argv] = podman.builds("unix:///podman.sock", found, ["app"], "a=b")
        file = Path(argv[argv.index("--secret") + 1].removeprefix("id=token,src="))
        assert (file.read_text(), file.stat().st_mode & 0o777) == ("word", 0o600)
    assert not file.exists()
