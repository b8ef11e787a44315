"""Two releases of the template read each other's dev.yaml: each knows what it knows, and ignores the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.examples import services
from tests.gitrepo import git
from tests.verbs.repo import Repo

NEWER_KEYS = 'image: "registry.example.org/lms:{version}"\n'
BUDGET = ("budget: {memory: 512M, ready: 60s}", "budget: {memory: 512M, lean: 256M, ready: 60s}")


@pytest.fixture(params=["older", "newer"])
def pair(
    request: pytest.FixtureRequest, bake: Callable[..., Path], older_template: Path, template: Path, tmp_path: Path
) -> tuple[Repo, Repo]:
    """A root and the service that it requires, from two releases of the template; the newer one uses its new keys."""
    templates = {"older": older_template, "newer": template}
    root_age = request.param
    other_age = "newer" if root_age == "older" else "older"
    ages = {"shop": root_age, "lms": other_age}
    made = {n: bake("bare", into=tmp_path, made_by=templates[age], service=n) for n, age in ages.items()}
    root, lms = (Repo(made[name], "", {"DEV_ENGINE": "native"}) for name in ages)
    newer = root if root_age == "newer" else lms
    newer.edit("dev.yaml", *BUDGET)
    newer.append("dev.yaml", NEWER_KEYS)
    root.append("dev.yaml", "requires: {lms: {repo: ../lms, version: v1.0.0}}\n")
    services.release(lms.path, "v1.0.0")
    return root, lms


def test_either_one_locks_the_other(pair: tuple[Repo, Repo]) -> None:
    root, lms = pair
    root.ok("dev.lock")
    pinned = yaml.safe_load((root.path / "dev.lock").read_text())["services"]["lms"]
    assert (pinned["version"], pinned["commit"]) == ("v1.0.0", git(lms.path, "rev-parse", "HEAD"))


def test_the_older_one_really_knows_less(bake: Callable[..., Path], older_template: Path) -> None:
    older = Repo(bake("bare", made_by=older_template), "", {"DEV_ENGINE": "native"})
    older.edit("dev.yaml", *BUDGET)
    assert "unknown key lean" in older.fails(111, "dev.lock").error
