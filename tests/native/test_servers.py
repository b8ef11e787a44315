"""Images that become local servers, and apps in another language than Python."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import until
from tests.messages import HELD_BY

from . import stacks
from .conftest import Make, Repo

pytestmark = pytest.mark.xdist_group("native-small")

CACHE = "    depends_on: [cache]\n  cache:\n    image: {image}\n"
MARIADB = """\
  db:
    image: mariadb:11
    environment: {MARIADB_USER: me, MARIADB_PASSWORD: secret, MARIADB_DATABASE: shop, MARIADB_ROOT_PASSWORD: root}
"""
POSTGRES = "    depends_on: [db]\n  db:\n    image: postgres:17\n    environment: {POSTGRES_PASSWORD: secret}\n"
SERVER = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")


@pytest.mark.parametrize("image", ["redis:8", "valkey/valkey:9"])
def test_redis_answers_under_the_variables_that_the_app_gets(small: Make, image: str) -> None:
    repo = small(stacks.compose(others=CACHE.format(image=image)), stacks.PYTHON, stacks.files(stacks.PING))
    said = repo.up().stderr
    assert repo.page()[1].strip() == "+PONG"
    assert ("instead of redis:8" in said) == (image == "redis:8" and not shutil.which("redis-server"))


def test_a_new_database_is_a_copy_where_all_is_as_it_was(small: Make) -> None:
    repo = small(stacks.compose(others=POSTGRES), stacks.PYTHON, stacks.files())
    repo.up()
    repo.ok("dev.destroy", "--yes")
    assert "initdb" not in repo.up().stderr
    assert repo.sql("SELECT 1") == "1"
    repo.ok("dev.destroy", "--yes")
    (repo.root / "compose.yaml").write_text(stacks.compose(others=POSTGRES.replace("secret", "another")))
    assert "initdb" in repo.up().stderr
    assert repo.sql("SELECT 1") == "1"


def test_a_service_that_compose_yaml_names_no_more_is_ended(small: Make) -> None:
    repo = small(stacks.compose(others=CACHE.format(image="valkey/valkey:9")), stacks.PYTHON, stacks.files())
    repo.up()
    (repo.root / "compose.yaml").write_text(stacks.compose())
    repo.up()
    assert not [words for words in repo.processes().values() if "valkey-server" in words]


@pytest.mark.skipif(not SERVER, reason="mariadbd is not installed")
def test_mariadb_keeps_rows_through_sigkill(small: Make) -> None:
    repo = small(stacks.compose(others=MARIADB), stacks.PYTHON, stacks.files())
    repo.up()
    login(repo, "CREATE TABLE orders (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO orders VALUES (7)")
    os.kill(json.loads((repo.native / "db/process.json").read_text())["pid"], signal.SIGKILL)
    repo.up()
    assert login(repo, "SELECT id FROM orders") == "7"


@pytest.mark.skipif(not SERVER, reason="mariadbd is not installed")
def test_mariadb_keeps_every_letter_as_in_its_image(small: Make) -> None:
    repo = small(stacks.compose(others=MARIADB), stacks.PYTHON, stacks.files())
    repo.up()
    login(repo, "SET NAMES utf8mb4; CREATE TABLE notes (text VARCHAR(20)); INSERT INTO notes VALUES ('ж😀')")
    assert login(repo, "SELECT char_length(text) FROM notes WHERE text = _utf8mb4'ж😀'") == "2"
    assert login(repo, "SELECT @@character_set_server, @@character_set_database") == "utf8mb4\tutf8mb4"


@pytest.mark.skipif(not SERVER, reason="mariadbd is not installed")
@pytest.mark.parametrize("client", ["mariadb", "mariadb-dump"])
def test_a_missing_client_of_mariadb_is_reported_before_anything_starts(
    small: Make, without: Callable[..., str], client: str
) -> None:
    repo = small(stacks.compose(others=MARIADB), stacks.PYTHON, stacks.files())
    said = repo.fails(110, "dev.up", PATH=without(client))
    assert f"{client} is not installed" in said
    assert not list(repo.native.glob("*/process.json"))


def login(repo: Repo, statement: str) -> str:
    """As the user of compose.yaml, over TCP."""
    port = json.loads((repo.native / "ports.json").read_text())["db"]
    client = ["mariadb", "--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{port}", "-ume", "-psecret", "shop"]
    done = subprocess.run([*client, "-N", "-B", "-e", statement], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_mariadb_the_install_command_is_reported(small: Make, without: Callable[..., str]) -> None:
    repo = small(stacks.compose(others=MARIADB), stacks.PYTHON, stacks.files())
    hidden = (repo.env, without("mariadbd", "mysqld"))
    if SERVER:  # it is found in /usr/sbin too, where the PATH does not name that
        hide = f'mount --bind /dev/null "{Path(SERVER).resolve()}" && exec "$0" "$@"'
        namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
        repo = Repo(repo.root, repo.port, repo.env, (*namespace, "sh", "-c", hide))
    said = repo.fails(110, "dev.up", PATH=hidden[1])
    assert "no server for mariadb:11 is installed" in said
    assert "apt-get install mariadb-server-core" in said


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node_runs_in_an_environment_made_by_npm(small: Make) -> None:
    texts = {"server.js": stacks.NODE, "package.json": stacks.PACKAGE, "package-lock.json": stacks.PACKAGE_LOCK}
    repo = small(stacks.compose("node server.js"), "{node: '>=18', install: npm ci}", texts)
    assert "$ npm ci" in repo.up().stderr
    assert repo.page()[1].startswith("v")
    assert "$ npm ci" not in repo.up().stderr


def test_one_checkout_in_two_workspaces_is_installed_once(small: Make) -> None:
    """As the pinned checkout of a required service is. The install command ends when the test opens the gate."""
    install = "{python: '>=3.9', install: python install.py}"
    repo = small(stacks.compose(), install, {**stacks.files(), "install.py": "open('gate').read()"})
    os.mkfifo(repo.root / "gate")
    second = {"DEV_WORKSPACE": "second"}
    with up_until(repo, ("$ python install.py",)) as one, up_until(repo, ("waiting: ", "$ python "), **second) as two:
        assert two.said == f"waiting: environment {HELD_BY} `install`"
        (repo.root / "gate").write_text("")
        assert (one.process.wait(), two.process.wait()) == (0, 0)
    repo.ok("dev.destroy", "--yes", **second)


@dataclass
class Started:
    """A dev.up that goes on, and the line that it was waited for; without what differs from run to run."""

    process: subprocess.Popen[str]
    said: str


@contextmanager
def up_until(repo: Repo, beginnings: tuple[str, ...], **env: str) -> Iterator[Started]:
    """Start dev.up and go on as soon as it prints a line that begins so."""
    how = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "start_new_session": True}
    with subprocess.Popen(repo.command("dev.up"), env={**repo.env, **env}, cwd=repo.root, text=True, **how) as process:
        try:
            said = next(line for line in process.stderr or () if line.startswith(beginnings))
            yield Started(process, said.partition(" (pid")[0].rstrip())
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with what it waits for


def test_another_major_version_is_reported_before_anything_starts(small: Make) -> None:
    database = "  db:\n    image: postgres:16\n"
    repo = small(stacks.compose(others=database), stacks.PYTHON, stacks.files())
    plan = json.loads(repo.ok("dev.plan", "--json").stdout)
    expected = not Path("/usr/lib/postgresql/16").exists()
    assert ("db: PostgreSQL 17 instead of 16" in plan["engine_version"]) == expected


SAYS_ITS_WORD = "word = open('word').read()\n\ndef answer():\n    return word\n"
ASKS_FOR_THE_WORD = """\
    healthcheck:
      test:
        - CMD
        - python
        - -c
        - |
          import os, urllib.request as u
          assert u.urlopen("http://127.0.0.1:" + os.environ["PORT"]).read() == open("word", "rb").read()
      interval: 1s
"""


def test_an_app_that_runs_but_does_not_work_is_restarted(small: Make) -> None:
    repo = small(stacks.compose(app=ASKS_FOR_THE_WORD), stacks.PYTHON, {**stacks.files(SAYS_ITS_WORD), "word": "one"})
    repo.up()
    (repo.root / "word").write_text("two")
    assert until(lambda: "start app (not healthy)" in repo.ok("dev.plan").stdout)
    repo.up()
    assert repo.page("/")[1] == "two"


def test_nothing_of_the_app_runs_while_its_environment_is_rebuilt(small: Make) -> None:
    install = "import socket\nprint('met:', socket.socket().connect_ex(('127.0.0.1', int(open('port').read()))) == 0)\n"
    texts = {**stacks.files(), "install.py": install, "port": "1", "requirements.txt": ""}
    repo = small(stacks.compose(), "{python: '>=3.9', install: python install.py}", texts)
    (repo.root / "port").write_text(str(repo.port))
    assert "met: False" in repo.up().stderr
    (repo.root / "requirements.txt").write_text("# another one\n")
    assert "met: False" in repo.up().stderr
    assert repo.page("/")[1] == "here"
