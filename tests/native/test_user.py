"""An ordinary user, who may not read root's home and has no tools of root's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from devenv.engines.native.servers import account
from tests.messages import NOTHING_TO_DO

from .conftest import Repo, copy_downloads, environment

pytestmark = [
    pytest.mark.xdist_group("native"),
    pytest.mark.skipif(os.geteuid() != 0, reason="the tests run as an ordinary user already"),
]

VERBS = [
    ["dev.plan"],
    ["dev.doctor"],
    ["dev.logs", "--tail", "1"],
    ["dev.run", "--", "true"],
    ["dev.shell"],
    ["dev.migrate"],
    ["dev.seed", "big-tenant", "-p", "learners=1"],
    ["dev.reset"],
    ["dev.test", "--", "-q"],
]


@pytest.fixture
def user() -> Iterator[str]:
    """A new account, which is removed afterwards."""
    name = f"devenv-{os.getpid()}"
    subprocess.run(["useradd", "--system", "--shell", "/bin/sh", name], check=True)
    yield name
    subprocess.run(["userdel", name], check=True)


@pytest.fixture
def theirs(
    user: str, reachable: Path, template: Path, bake: Callable[..., Path], free_port: int, downloads: Path
) -> Iterator[Repo]:
    own = shutil.copytree(template, reachable / "template", symlinks=True)  # git takes nothing from folders of others
    root = bake("django", made_by=own, port=free_port, into=reachable)
    copy_downloads(downloads, reachable / "cache")
    subprocess.run(["chown", "-R", user, reachable], check=True)
    programs = sorted((reachable / "cache").glob("devenv/tools/uv-*/bin"))
    env = environment(reachable / "state", reachable / "cache")
    env["PATH"] = os.pathsep.join([*map(str, programs), "/usr/local/bin", "/usr/bin", "/bin"])
    env.update({f"{tool}_CACHE_DIR": str(reachable / tool) for tool in ("UV", "PIP")})
    wrapper = ("setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups")
    repo = Repo(root, free_port, {**env, "HOME": str(reachable)}, wrapper)
    yield repo
    repo.destroy()


def owners(repo: Repo) -> set[str]:
    """Whose its processes are; a healthcheck may end while one looks."""
    found = set()
    for pid in repo.processes():
        with suppress(psutil.Error):
            found.add(psutil.Process(pid).username())
    return found


def test_an_ordinary_user_has_every_verb(theirs: Repo, user: str) -> None:
    theirs.up()
    assert theirs.answers() == 200
    assert "running (healthy)" in theirs.ok("dev.status").stdout
    for words in VERBS:
        theirs.ok(*words)
    assert theirs.sql("SELECT count(*) FROM courses_course") == "3"
    assert owners(theirs) == {user}
    theirs.ok("dev.down")
    assert not theirs.processes()
    assert NOTHING_TO_DO not in theirs.up().stderr


ACCOUNT = """\
import subprocess
from devenv.base import records
from devenv.engines.native.servers import account
print(records.user(), flush=True)
subprocess.run([*account.wrapper(), "id", "--user", "--name"], check=True)
"""


def test_servers_of_a_user_id_without_a_name_run_as_one_with_a_name(template: Path, reachable: Path) -> None:
    """PostgreSQL starts for no other. In a container, the user id may be one that is only known outside."""
    shutil.copytree(template / "devenv", reachable / "devenv")
    unknown = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")
    argv = [*unknown, "env", "-i", "PATH=/usr/bin:/bin", "/usr/bin/python3", "-B", "-c", ACCOUNT]
    done = subprocess.run(argv, cwd=reachable, capture_output=True, text=True)
    named = subprocess.run([*unknown, *account.NAMESPACE, "true"], capture_output=True).returncode == 0
    name, _, account_of_servers = done.stdout.partition("\n")
    assert name == "54321"
    assert account_of_servers == "nobody\n" if named else "the user id 54321 has no name" in done.stderr
