"""The services of examples/stack as git repositories with tags, and a login in a real browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.gitrepo import git
from tests.verbs.repo import Repo

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STACK = EXAMPLES / "stack"
SERVICES = {"lms": ("provider", 18180), "shop": ("consumer", 18181), "notes": ("notes", 18182)}
LEFTOVERS = shutil.ignore_patterns(".ruff_cache", "__pycache__", ".pytest_cache", "node_modules", ".venv", "data")
HOSTS = ("lms.localhost", "shop.localhost")  # where a login in shop may lead, and nowhere else
NAMELESS = "localhost"  # where the system does not resolve such names: docs/machines.md


def make(bake: Callable[..., Path], service: str, into: Path, **how: Path) -> Path:
    """One of them as its owner has it before the first commit. `how`: as bake has it."""
    folder, port = SERVICES[service]
    path = bake("bare", into=into, service=service, port=port, **how)
    shutil.copytree(STACK / folder, path, dirs_exist_ok=True, ignore=LEFTOVERS)
    return path


def laid_over_bare(bake: Callable[..., Path], name: str, port: int) -> Path:
    """An application of examples/ over a fresh tree of the stack bare, as its owner has it."""
    path = bake("bare", service=name, port=port)
    return shutil.copytree(EXAMPLES / name, path, dirs_exist_ok=True, ignore=LEFTOVERS)


def workspace_of_its_own(path: Path, engine: str) -> Repo:
    """The repository in a workspace that nobody else has."""
    token = f"t{uuid.uuid4().hex[:8]}"
    return Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})


def release(path: Path, tag: str) -> None:
    """Commit all that is there, under a tag; the first time, as a new repository."""
    git(path, "init", "-q", "-b", "main")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", f"Release {tag}")
    git(path, "tag", tag)


def assert_login_works(url: str) -> None:
    """Someone logs in to shop, by lms; the browser is sent to these two hosts alone."""
    hosts = ",".join(HOSTS) if url.startswith("http://shop.") else NAMELESS
    argv = [sys.executable, str(STACK / "login.py"), url, "alice", "alice", "--expect-hosts", hosts]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
