"""What can go wrong, provoked on purpose, each with what the person at the keyboard reads."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.small import make_root  # noqa: F401
from tests.verbs.fixtures import (  # noqa: F401
    built_repo,
    engine,
    first_ups,
    kept,
    make_repo,
    repo,
    running,
    up_repo,
)
from tests.verbs.repo import Repo


@pytest.fixture
def files(bake: Callable[..., Path], tmp_path: Path) -> Repo:
    """A generated repo that never runs: what is tested needs no engine. What it notes of itself is its own affair."""
    token = f"t{uuid.uuid4().hex[:8]}"
    return Repo(bake(), token, {"DEV_ENGINE": "compose", "XDG_STATE_HOME": str(tmp_path / "state")})


@pytest.fixture
def breakable(running: Repo, tmp_path: Path) -> Iterator[Repo]:  # noqa: F811
    """The shared service, to do damage to: afterwards its files are as before, and its data is fresh."""
    kept_files = shutil.copytree(
        running.path, tmp_path / "before", ignore=shutil.ignore_patterns(".dev", "__pycache__")
    )
    yield running
    for path in running.path.rglob("*"):
        relative = path.relative_to(running.path)
        if (
            path.is_file()
            and not {".dev", "__pycache__"} & set(relative.parts)
            and not (kept_files / relative).exists()
        ):
            path.unlink()
    shutil.copytree(kept_files, running.path, dirs_exist_ok=True)
    running.ok("dev.reset")
