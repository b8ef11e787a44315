"""Other container engines, and the user whose they are: tests/kit/variants.sh."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.verbs.repo import Repo

VARIANTS = REPO / "tests/kit/variants.sh"
ENGINES = ("rootless", "podman")


class AsUser(Repo):
    """A repo whose commands another user types, or one who is elsewhere."""

    wrapper: tuple[str, ...] = ()

    def argv(self, *words: str, door: str = "run") -> list[str]:
        return [*self.wrapper, *super().argv(*words, door=door)]


def variant(name: str, folder: Path, patch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Another engine, and the user whose it is, with nothing of ours at hand."""
    if os.geteuid() != 0:
        pytest.skip("only root on Debian gets other engines: tests/kit/variants.sh")
    subprocess.run([VARIANTS, "start", name], check=True)
    run = [str(VARIANTS), "run", name]
    host = subprocess.run([*run, "printenv", "DOCKER_HOST"], check=True, capture_output=True, text=True).stdout.strip()
    patch.setenv("DOCKER_HOST", host)
    patch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    patch.delenv("DOCKER_CONFIG", raising=False)
    places = ["STATE_HOME", "CACHE_HOME", "CONFIG_HOME", "DATA_HOME"]
    for variable in [*(f"XDG_{place}" for place in places), "UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache"]:
        patch.setenv(variable, str(folder / variable.lower()))
    patch.setenv("TMPDIR", str(folder))
    return (*run, "env", f"HOME={folder}")


def owner(wrapper: tuple[str, ...]) -> str:
    return subprocess.run([*wrapper, "id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
