"""Services made by the real commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "{{cookiecutter.repo_name}}"
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Tools:
    """Runs the real commands, without the settings of the user who runs the tests."""

    home: Path

    def run(self, *command: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"HOME": str(self.home), "GIT_CONFIG_GLOBAL": os.devnull, "PWD": str(cwd)}
        environment.pop("COOKIECUTTER_CONFIG", None)
        done = subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0 or not check, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def git(self, *arguments: str, cwd: Path) -> str:
        return self.run("git", *IDENTITY, *arguments, cwd=cwd).stdout.strip()

    def commit(self, repo: Path, message: str) -> str:
        self.git("add", "--all", cwd=repo)
        self.git("commit", "--quiet", "--message", message, cwd=repo)
        return self.git("rev-parse", "HEAD", cwd=repo)

    def init(self, repo: Path) -> str:
        self.git("init", "--quiet", "--initial-branch=main", cwd=repo)
        return self.commit(repo, "first")

    def cookiecutter(
        self, template: Path | str, *answers: str, cwd: Path, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return self.run(script("cookiecutter"), "--no-input", str(template), *answers, cwd=cwd, check=check)

    def cruft(self, *arguments: str, cwd: Path) -> str:
        return self.run(script("cruft"), *arguments, cwd=cwd).stdout

    def cruft_create(self, template: Path, *, stack: str, cwd: Path) -> Path:
        answers = f'{{"stack": "{stack}"}}'
        self.cruft("create", str(template), "--no-input", "--extra-context", answers, cwd=cwd)
        return cwd / "catalog"


def script(name: str) -> str:
    return str(Path(sys.executable).parent / name)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    home = tmp_path / "home"
    home.mkdir()
    return Tools(home)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


STACKS = sorted(folder.name for folder in (ROOT / PROJECT / ".stacks").iterdir() if "." not in folder.name)


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def service(generate: Callable[[Path, dict[str, str]], Path], template: Path, workdir: Path, stack: str) -> Path:
    """A service as plain cookiecutter makes it, one for each stack."""
    return shutil.copytree(generate(template, {"stack": stack}), workdir / "catalog", symlinks=True)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each file, but of .cruft.json, whose fields depend on who wrote it."""
    found = {str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes()) for path in files(folder)}
    found.pop(".cruft.json", None)
    return found
