"""Generated services on the native engine, in real processes; whatever a test leaves is ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import processes

STATE, CACHE = "XDG_STATE_HOME", "XDG_CACHE_HOME"


@dataclass(frozen=True)
class Repo:
    """A checkout with its commands, on a state folder of its own. `wrapper` stands before each: another user."""

    root: Path
    port: int
    env: dict[str, str]
    wrapper: tuple[str, ...] = ()

    @property
    def native(self) -> Path:
        return Path(self.env[STATE]) / "devenv/v1/main/catalog/native"

    def command(self, *words: str) -> list[str]:
        return [*self.wrapper, str(self.root / ".dev/run"), *words]

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            env={**self.env, **env},
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def ok(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = self.run(*words, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def fails(self, code: int, *words: str, **env: str) -> str:
        """A command that has to end with this code; its stderr, which says why in one error line."""
        done = self.run(*words, **env)
        assert done.returncode == code, done.stdout + done.stderr
        assert sum(line.startswith("error[") for line in done.stderr.splitlines()) == 1, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def up(self, **env: str) -> subprocess.CompletedProcess[str]:
        return self.ok("dev.up", **env)

    def sql(self, statement: str) -> str:
        return self.ok("dev.dbshell", "--", "-qAtX", "-c", statement).stdout.strip()

    def page(self, path: str = "/health") -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status), answer.read().decode()

    def answers(self) -> int:
        return self.page()[0]

    def processes(self) -> dict[int, str]:
        """Everything that carries the mark of this state folder, or lives in it."""
        return processes.of(self.native)

    def kill_everything(self) -> None:
        while self.processes():
            for pid in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def destroy(self) -> None:
        """Remove it, and say so when anything of it is left."""
        done = self.run("dev.destroy", "--yes")
        left = self.processes()
        self.kill_everything()
        assert not left
        assert not self.native.exists(), done.stderr


def environment(state: Path, cache: Path) -> dict[str, str]:
    return {**os.environ, "DEV_ENGINE": "native", STATE: str(state), CACHE: str(cache)}


def copy_downloads(downloads: Path, target: Path) -> None:
    """A cache with what was fetched, and without what another test may be making at this moment."""
    if downloads.exists():
        shutil.copytree(downloads, target, symlinks=True, ignore=shutil.ignore_patterns("clusters", "*.new"))


@pytest.fixture(scope="session")
def downloads(shared: Path) -> Path:
    """Fetched servers, shared by all tests of a run."""
    return shared / "native-cache"


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Repo]]:
    """What is made once for all tests of this folder: a first start costs as much as ten later ones."""
    repos: dict[str, Repo] = {}
    yield repos
    for repo in repos.values():
        repo.destroy()


@pytest.fixture
def repo(
    kept: dict[str, Repo],
    bake: Callable[..., Path],
    free_port: int,
    downloads: Path,
    tmp_path_factory: pytest.TempPathFactory,
    link_environment: Callable[[Path], None],
) -> Repo:
    """The django stack, in any state that the last test left: if it cannot be repaired, that is a bug."""
    if "django" not in kept:
        folder = tmp_path_factory.mktemp("django")
        env = environment(folder / "state", downloads)
        root = bake("django", into=folder, port=free_port)
        link_environment(root)
        kept["django"] = Repo(root, free_port, env)
    return kept["django"]


Make = Callable[..., Repo]


@pytest.fixture
def small(bake: Make, free_port: int, downloads: Path, tmp_path: Path) -> Iterator[Make]:
    """small(compose, native, **files): a service of a few lines, with these files."""
    made: list[Repo] = []

    def make(compose: str, native: str, files: dict[str, str], state: Path = tmp_path / "state") -> Repo:
        root = bake("bare", port=free_port)
        config = f"contract: '1.0'\nservice: catalog\napp: app\nport: {free_port}\nbudget: {{ready: 20s}}\n"
        texts = {"compose.yaml": compose, "dev.yaml": f"{config}native: {native}\n", **files}
        for name, text in texts.items():
            (root / name).write_text(text)
        made.append(Repo(root, free_port, environment(state, downloads)))
        return made[-1]

    yield make
    for repo in made:
        repo.destroy()


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., str]:
    """without("docker", "unshare"): a PATH on which these programs are not."""

    def path(*names: str) -> str:
        farm = tmp_path / "-".join(["without", *names])
        farm.mkdir()
        for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
            for program in folder.iterdir() if folder.is_dir() else ():
                if program.name not in names:
                    with suppress(FileExistsError):
                        (farm / program.name).symlink_to(program)
        return str(farm)

    return path
