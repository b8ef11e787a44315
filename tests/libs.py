"""Libraries as their owners have them: a checkout with git, and a release that a service's lock file names."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import BIN, run_quietly
from tests.gitrepo import commit, git
from tests.verbs.repo import Repo, page

NAME = "greeting"
PROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
dependencies = {dependencies}
"""


def python_library(folder: Path, text: str = "released", version: str = "1.0.0", needs: Sequence[str] = ()) -> Path:
    """A checkout of a library whose TEXT a service can answer with."""
    source = folder / "src" / NAME
    source.mkdir(parents=True)
    (source / "__init__.py").write_text(f'TEXT = "{text}"\n')
    (folder / ".gitignore").write_text("*.egg-info/\nbuild/\n__pycache__/\n")
    declare(folder, version, needs)
    return committed(folder)


def declare(folder: Path, version: str = "1.0.0", needs: Sequence[str] = ()) -> None:
    """Write what a library for Python needs."""
    (folder / "pyproject.toml").write_text(
        PROJECT.format(name=NAME, version=version, dependencies=json.dumps([*needs]))
    )


def committed(folder: Path) -> Path:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "A library")
    return folder


def start(service: Repo) -> None:
    """Commit a service, and bring it up."""
    git(service.path, "init", "-q", "-b", "main")
    commit(service.path)
    service.ok("dev.up")


def answers(url: str, text: str) -> bool:
    """Whether a service's page has this text of the library."""
    return page(url) == f"TEXT: {text}"


def say(folder: Path, text: str) -> None:
    """Edit the one line of a library."""
    (folder / "src" / NAME / "__init__.py").write_text(f'TEXT = "{text}"\n')


def release(library: Path, into: Path) -> None:
    """Build a library's wheel into a folder that serves as an index."""
    run_quietly(BIN / "uv", "build", "--quiet", "--wheel", library, "--out-dir", into)
    (into / ".gitignore").unlink()  # of uv: everything


def use_released(service: Path, library: Path, needs: Sequence[str] = ()) -> None:
    """Let a service for Python depend on the library's release: in its manifest, its lock file and its image."""
    release(library, service / "wheels")
    project = service / "pyproject.toml"
    text = project.read_text()
    assert "[tool.uv]\n" in text
    project.write_text(text.replace("[tool.uv]\n", '[tool.uv]\nfind-links = ["wheels"]\n'))
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": ""}
    argv = [BIN / "uv", "add", "--quiet", "--no-sync", "--python", sys.executable, f"{NAME}==1.0.0", *needs]
    run_quietly(*argv, cwd=service, env=env)
    dockerfile = service / "Dockerfile"
    mount = "--mount=type=bind,source=uv.lock,target=/app/uv.lock"
    text = dockerfile.read_text()
    assert mount in text
    dockerfile.write_text(text.replace(mount, f"{mount} \\\n    --mount=type=bind,source=wheels,target=wheels"))


def changed_files(folder: Path) -> str:
    """What git would commit by `git add -A`."""
    return git(folder, "status", "--porcelain")


def node_library(folder: Path, text: str = "released") -> Path:
    """A checkout of a library for Node whose TEXT a service can answer with."""
    folder.mkdir(parents=True)
    declare_node(folder)
    say_node(folder, text)
    return committed(folder)


def declare_node(folder: Path, needs: Mapping[str, str] | None = None) -> None:
    """Write what a library for Node needs."""
    package = {"name": NAME, "version": "1.0.0", "type": "module", "main": "index.js", "dependencies": needs or {}}
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n")


def say_node(folder: Path, text: str) -> None:
    (folder / "index.js").write_text(f'export const TEXT = "{text}";\n')


def use_released_by_node(service: Path, library: Path) -> None:
    """Let a service for Node depend on the library's release: in its manifest, its lock file and its image."""
    (service / "wheels").mkdir()
    run_quietly("npm", "pack", "--pack-destination", service / "wheels", cwd=library)
    run_quietly("npm", "install", "--package-lock-only", f"./wheels/{NAME}-1.0.0.tgz", cwd=service)
    dockerfile = service / "Dockerfile"
    mount = "--mount=type=bind,source=package-lock.json,target=/package-lock.json"
    text = dockerfile.read_text()
    assert mount in text
    dockerfile.write_text(text.replace(mount, f"{mount} \\\n    --mount=type=bind,source=wheels,target=wheels"))
