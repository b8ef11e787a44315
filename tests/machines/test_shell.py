"""Variables of Compose and Docker that a person has in the shell, for other projects."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.verbs.fixtures import COMPOSE, engine, make_repo, removed_after, repo  # noqa: F401
from tests.verbs.repo import Repo

PROFILE = "  extra:\n    image: debian:trixie-slim\n    command: [sleep, infinity]\n    profiles: [theirs]\n"


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_what_is_set_for_other_projects_does_not_matter(repo: Repo, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "other.yaml").write_text("services: {other: {image: 'nowhere.invalid/other'}}\n")
    (tmp_path / "other.env").write_text("PORT=1\n")
    other, env = str(tmp_path / "other.yaml"), str(tmp_path / "other.env")
    settings = {
        **{
            "COMPOSE_FILE": other,
            "COMPOSE_PROJECT_NAME": "other",
            "COMPOSE_PROFILES": "theirs",
            "COMPOSE_ENV_FILES": env,
        },
        **{"COMPOSE_DISABLE_ENV_FILE": "1", "COMPOSE_PATH_SEPARATOR": ";", "COMPOSE_PARALLEL_LIMIT": "1"},
        **{"COMPOSE_IGNORE_ORPHANS": "1", "COMPOSE_STATUS_STDOUT": "1", "COMPOSE_BAKE": "true", "DOCKER_BUILDKIT": "0"},
        **{"COMPOSE_MENU": "1", "BUILDKIT_PROGRESS": "quiet", "COMPOSE_COMPATIBILITY": "1", "COMPOSE_ANSI": "always"},
        **{"COMPOSE_PROGRESS": "quiet", "COMPOSE_CONVERT_WINDOWS_PATHS": "1", "DOCKER_CLI_HINTS": "true"},
        **{"BUILDX_BUILDER": "theirs", "COMPOSE_REMOVE_ORPHANS": "1"},
    }
    compose = repo.path / "compose.yaml"
    compose.write_text(compose.read_text().replace("services:\n", f"services:\n{PROFILE}", 1))
    theirs = replace(repo, env={**repo.env, **settings})
    theirs.ok("dev.up")
    names = [service["name"] for service in theirs.status()["services"] if service["healthy"]]
    assert "app" in names
    assert "extra" not in names
    for verb in (["dev.seed"], ["dev.logs"], ["dev.run", "--", "true"], ["dev.down"], ["dev.up"]):
        theirs.ok(*verb)
    assert json.loads(theirs.ok("dev.run", "--", "python", "-c", "print(6 * 7)").stdout) == 42
