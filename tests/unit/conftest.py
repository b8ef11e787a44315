"""The vendored tool as a package, small repositories made of text, and the one seam: what starts processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from devenv.base import output, process, records  # noqa: F401  output prints what tests read
from devenv.base.process import Result
from devenv.context.environment import Asked, Environment
from devenv.databases.states import Seen
from devenv.engines import docker
from devenv.engines.compose import ComposeEngine
from devenv.engines.interface import Place
from devenv.model import config, services

# No deadline: other tests of the same run use the same two cores.
settings.register_profile("unit", deadline=None, max_examples=100)
settings.load_profile("unit")

DEV_YAML = """\
contract: "1.0"
service: catalog
app: app
port: 18160
commands: {migrate: ./migrate, pending: ./pending, test: ./test}
state: ["migrations/*.py"]
scenarios: {default: {run: ./seed default}}
logins: {admin: {username: admin, password: secret, path: /admin/}}
budget: {memory: 512M, ready: 60s}
"""

COMPOSE_YAML = """\
services:
  app:
    build: {context: ., target: dev}
    ports: ["127.0.0.1:18160:18160"]
    healthcheck: {test: [CMD, "true"]}
    depends_on: [db]
    mem_limit: 320m
  db:
    image: postgres:17
    volumes: ["db-data:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, "true"]}
    mem_limit: 160m
volumes: {db-data: {}}
"""

DOCKERFILE = """\
FROM python:3.13-slim AS deps
COPY requirements.txt .
FROM deps AS dev
FROM deps AS prod
COPY . .
"""


class Seam:
    """A fake of base.process: it records every command, and gives prepared answers."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []  # in the open: they change something
        self.asked: list[list[str]] = []  # unseen: they only look
        self.answers: list[tuple[str, Result]] = []

    def answer(self, words: str, stdout: str = "", *, code: int = 0, stderr: str = "") -> None:
        """What commands with these words in a row say from now on. Everything else says nothing, with exit code 0."""
        self.answers.insert(0, (words, Result(code, stdout, stderr)))

    def _result(self, argv: Sequence[str]) -> Result:
        typed = f" {' '.join(argv)} "
        return next((result for words, result in self.answers if f" {words} " in typed), Result(0, "", ""))

    def run(self, argv: Sequence[str], env: Mapping[str, str], **how: Any) -> int:
        self.ran.append(list(argv))
        return self._result(argv).code

    def attach(self, argv: Sequence[str], env: Mapping[str, str], **how: Any) -> int:
        return self.run(argv, env)

    def read(self, argvs: Sequence[Sequence[str]], env: Mapping[str, str], take: Any) -> int:
        return max(self.run(argv, env) for argv in argvs)

    def collect(self, argv: Sequence[str], env: Mapping[str, str], **how: Any) -> Result:
        self.ran.append(list(argv))
        return self._result(argv)

    def capture(self, argv: Sequence[str], env: Mapping[str, str] | None = None, stdin: str = "", **how: Any) -> Result:
        self.asked.append(list(argv))
        return self._result(argv)

    def spawn(self, argv: Sequence[str], *_: Any) -> None:
        self.ran.append(list(argv))

    def typed(self) -> list[str]:
        """The commands that change something, as one would type them."""
        return [" ".join(argv) for argv in self.ran]


@pytest.fixture(autouse=True)
def no_engine_is_known() -> None:
    """A command asks which engine there is once; each test is another command."""
    docker.KNOWN.clear()


@pytest.fixture
def seam(monkeypatch: pytest.MonkeyPatch) -> Seam:
    """A machine with a current Docker on which nothing runs."""
    seam = Seam()
    seam.answer("docker version", "28.5.1\n")
    seam.answer("docker compose version", "2.40.0\n")
    seam.answer("git --version", "git version 2.39.5\n")
    for name in ("run", "attach", "collect", "capture", "read", "spawn"):
        monkeypatch.setattr(process, name, getattr(seam, name))
    return seam


@pytest.fixture
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the records of this test alone are kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "devenv" / "v1"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A small service repository."""
    root = tmp_path / "repo"
    root.mkdir()
    (root / "dev.yaml").write_text(DEV_YAML)
    (root / "compose.yaml").write_text(COMPOSE_YAML)
    (root / "Dockerfile").write_text(DOCKERFILE)
    return root


@pytest.fixture
def make_place(repo: Path) -> Callable[..., Place]:
    """make_place(text of compose.yaml) → where an engine works; services are read by the real reader."""

    def make(compose: str = COMPOSE_YAML, **variables: str) -> Place:
        (repo / "compose.yaml").write_text(compose)
        found = services.load(repo / "compose.yaml", variables)
        env: dict[str, Any] = {"PATH": "/usr/bin", **variables}
        return Place(
            repo, "main", "catalog", "app", "compose.yaml", "", found, variables, env, "devenv-main", {}, "main-catalog"
        )

    return make


@pytest.fixture
def make_environment(repo: Path, make_place: Callable[..., Place]) -> Callable[..., Environment]:
    """make_environment(data of the record) → the service of `repo` on the engine compose, as a command has it."""

    def make(data: Mapping[str, Any] | None = None) -> Environment:
        place, record = make_place(), records.Record("catalog", "main", data=dict(data or {}))
        asked = Asked("", 0, False, None, False)
        engine = ComposeEngine(place)
        return Environment(config.load(repo), place, engine, record, "catalog.localhost", 18160, 0, None, Seen(), asked)

    return make
