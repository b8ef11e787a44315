"""Data states: a machine that is made up for what is decided, and real servers for what is done.

The servers are of MariaDB, one on this machine and one in a container, both with the settings of the fragment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from devenv.base import process
from devenv.base.process import Result
from devenv.databases.mysql import MySQL
from devenv.engines.native.servers.mysql import with_host
from tests.conftest import REPO, another_port, need, until
from tests.unit.conftest import state_home  # noqa: F401
from tests.verbs.fixtures import built_repo, engine, make_repo, repo, up_repo  # noqa: F401

from . import world
from .branched import data  # noqa: F401
from .world import World

PASSWORD = "development-only"
PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])


@dataclass(frozen=True)
class Server:
    """As much of an engine as a database needs: `before` stands before each command of a client."""

    before: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
        return process.capture(self.command(argv), self.env, stdin)

    def pipe(self, service: str, argv: Sequence[str], source: Path | None = None, target: Path | None = None) -> Result:
        return process.pipe(self.command(argv), self.env, source, target)

    def command(self, argv: Sequence[str]) -> list[str]:
        return [*self.before, *argv]

    def sql(self, statements: str, database: str = "") -> str:
        """What they answer, all columns and rows in one text."""
        done = self.ask("db", [*login(), *([database] if database else [])], statements)
        assert done.code == 0, done.stderr
        return done.stdout

    def answers(self) -> bool:
        return self.ask("db", login(), "SELECT 1").code == 0

    def is_set_up(self) -> bool:
        """Whether an image's server is the one that stays, and not that of its entry point, which has no network."""
        ping = ["mariadb-admin", "--skip-ssl", "--host=127.0.0.1", "ping"]
        return self.ask("db", ping).code == 0 and self.answers()


def login() -> list[str]:
    client = ["env", f"MYSQL_PWD={PASSWORD}", "mariadb", "--skip-ssl"]
    return [*client, "--user=root", "--default-character-set=utf8mb4", "--batch", "--skip-column-names", "--raw"]


def at(name: str) -> MySQL:
    return MySQL("db", "mariadb", "root", name, PASSWORD)


def settings() -> list[str]:
    fragment = yaml.safe_load(
        (REPO / "{{cookiecutter.repo_name}}/.stacks/database.mysql/.dev/compose/mysql.yaml").read_text()
    )
    return [word.replace("${DEV_DURABILITY:-on}", "on") for word in fragment["services"]["mysql"]["command"]]


@dataclass(frozen=True)
class Local(Server):
    """The same as a process of this machine, to be killed and started again."""

    home: Path = Path()
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, argv: Sequence[str]) -> list[str]:
        return with_host(argv)

    def install(self) -> None:
        words = [*self._folders(), "--skip-test-db", "--auth-root-authentication-method=normal"]
        subprocess.run(["mariadb-install-db", "--no-defaults", *words], env=self.env, check=True, capture_output=True)
        statements = f"FLUSH PRIVILEGES;\nALTER USER root@127.0.0.1 IDENTIFIED BY '{PASSWORD}';\n".encode()
        command = self._command("--bootstrap")
        subprocess.run(command, env=self.env, check=True, capture_output=True, input=statements)

    def start(self) -> None:
        network = ["--bind-address=127.0.0.1", f"--port={self.env['MYSQL_TCP_PORT']}", "--socket=socket"]
        with (self.home / "log").open("ab") as log:
            self.started.append(subprocess.Popen(self._command(*network), env=self.env, stdout=log, stderr=log))
        assert until(self.answers), (self.home / "log").read_text()

    def kill(self) -> None:
        self.started[-1].kill()
        self.started[-1].wait()

    def _command(self, *words: str) -> list[str]:
        account = ["--user=root"] if os.getuid() == 0 else []
        return ["mariadbd", "--no-defaults", *self._folders(), *settings(), *account, *words]

    def _folders(self) -> list[str]:
        """A server that starts removes temporary tables of others from a folder that they share."""
        return [f"--datadir={self.home}", f"--tmpdir={self.home}"]


@contextmanager
def installed(home: Path, shared: Path) -> Iterator[Local]:
    """A server of this machine with its data in a folder."""
    need("mariadbd", "mariadb-dump")
    port = str(another_port(shared))
    env = {**os.environ, "PATH": PATH, "MYSQL_HOST": "127.0.0.1", "MYSQL_TCP_PORT": port, "MYSQL_PWD": PASSWORD}
    home.mkdir()
    server = Local(env=env, home=home)
    server.install()
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(server.home)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Local]:
    with installed(tmp_path_factory.mktemp("mariadb") / "data", shared) as server:
        yield server


@pytest.fixture(scope="session")
def contained() -> Iterator[Server]:
    name = f"devenv-test-{os.getpid()}"
    variables = ["--env", f"MYSQL_ROOT_PASSWORD={PASSWORD}", "--env", "MYSQL_DATABASE=service"]
    run = ["docker", "run", "--detach", "--rm", "--name", name, "--memory", "320m", *variables]
    subprocess.run([*run, "mariadb:11", *settings()], check=True, capture_output=True)
    server = Server(("docker", "exec", "-i", name))
    try:
        assert until(server.is_set_up)
        yield server
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=True, capture_output=True)


@pytest.fixture(params=["local", pytest.param("contained", marks=pytest.mark.engine)])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Server)
    return found


@pytest.fixture
def here(tmp_path: Path, state_home: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: F811
    """A machine on which the service is up, with a row that was entered by hand."""
    made = world.make(tmp_path / "repo", free_port, monkeypatch)
    made.up()
    made.enter("by hand")
    return made
