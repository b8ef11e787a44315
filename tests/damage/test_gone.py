"""What a verb relies on is gone: the network, the caches, the repository of a required service, a parent process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from devenv.base import system
from tests.conftest import REPO, until
from tests.damage.conftest import CACHE, STATE, Folders
from tests.faults.small import running
from tests.gitrepo import replace_text
from tests.verbs.repo import Repo

pytestmark = pytest.mark.xdist_group("damage")
# A daemon as it is written by the book: it leaves its session, its folder, its files and its environment.
DAEMON = """
import os, sys
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.chdir("/")
os.closerange(0, 256)
os.execve("/bin/sleep", [sys.argv[1], "300"], {})
"""


@contextmanager
def without(*paths: Path) -> Iterator[None]:
    """During the block, these files and folders are gone."""
    gone = [path for path in paths if path.exists()]
    for path in gone:
        path.rename(path.with_name(f"{path.name}.away"))
    try:
        yield
    finally:
        for path in gone:
            away = path.with_name(f"{path.name}.away")
            if path.is_dir() and away.exists():
                shutil.rmtree(path)
            away.rename(path)


def everything(shop: Repo, folders: Folders) -> list[Path]:
    """What may be missing while dev.down and dev.status work: all but the records and the tools."""
    caches = [folders[CACHE] / name for name in ("mirrors", "checkouts", "clusters")]
    servers = [*folders[CACHE].glob("tools/postgres-*")]
    return [shop.path.with_name("lms"), shop.path / "dev.lock", *caches, *servers]


def test_a_server_that_runs_gets_its_programs_again(shop: Repo, folders: Folders) -> None:
    """It answers without them, until it has to read one of their files."""
    [programs] = (path for path in folders[CACHE].glob("tools/postgres-*") if path.is_dir())
    shutil.rmtree(programs)
    assert [member["healthy"] for member in shop.ok("dev.status", "--json").json()["requires"]] == [False]
    shop.ok("dev.up")
    assert [member["healthy"] for member in shop.ok("dev.status", "--json").json()["requires"]] == [True]
    assert programs.is_dir()


def test_status_and_down_from_the_records_alone(shop: Repo, folders: Folders) -> None:
    with without(*everything(shop, folders)):
        found = shop.ok("dev.status", "--json").json()["requires"]
        assert [(each["service"], each["healthy"]) for each in found] == [("lms", False)]
        assert "is gone" in shop.ok("dev.status").stderr
        shop.ok("dev.down")
        assert running(shop) == []
    shop.ok("dev.up")
    assert shop.status()["requires"][0]["healthy"]


def test_destroy_from_the_records_alone(shop: Repo, folders: Folders) -> None:
    with without(*everything(shop, folders)):
        shop.ok("dev.destroy", "--yes")
        assert running(shop) == []
        assert not folders[STATE].exists()


def commands() -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.mark.skipif(system.PORTABLE, reason="such a process is found by its mounts: docs/machines.md")
def test_a_daemon_that_drops_its_environment_ends_with_its_service(shop: Repo, tmp_path: Path) -> None:
    name, code = f"stray-{tmp_path.name}", tmp_path / "daemon.py"
    code.write_text(DAEMON)
    kept = (shop.path / "shop.py").read_text()
    start = f"import subprocess\nsubprocess.run([{sys.executable!r}, {str(code)!r}, {name!r}])\nimport http.server"
    replace_text(shop.path / "shop.py", "import http.server", start)
    try:
        for _ in range(2):
            shop.ok("dev.down")
            shop.ok("dev.up")
            assert until(lambda: sum(line.startswith(name) for line in commands()) == 1), (
                "one, and not one more each time"
            )
    finally:
        (shop.path / "shop.py").write_text(kept)
    shop.ok("dev.down")
    assert not [line for line in commands() if line.startswith(name)]


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["alone", "group"])
def test_a_killed_contract_check_leaves_nothing(shop: Repo, tmp_path: Path, kill: object) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    checked = shutil.copytree(shop.path.with_name("lms"), tmp_path / "lms", ignore=shutil.ignore_patterns("local"))
    replace_text(checked / "dev.yaml", "contract: '1.0'", "contract: '1.2'")
    argv = [
        sys.executable,
        str(REPO / "tests/contract/check.py"),
        str(checked),
        "--engine",
        "native",
        "--level",
        "core",
    ]
    env = {**os.environ, **shop.env, "TMPDIR": str(temporary)}
    quiet = subprocess.DEVNULL
    check = subprocess.Popen(argv, env=env, stdout=quiet, stderr=quiet, start_new_session=True)
    assert until(lambda: any(temporary.glob("contract-*/state/devenv/v1/*/*.json")), 120), "it has started the service"
    kill(check.pid, signal.SIGKILL)  # type: ignore[operator]
    check.wait()
    assert until(lambda: not list(temporary.iterdir()))
    assert not [pid for pid in Path("/proc").glob("[0-9]*") if mentions(pid, str(temporary))]


def mentions(process: Path, text: str) -> bool:
    with suppress(OSError):
        seen = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        return text.encode() in seen and ") Z" not in (process / "stat").read_text()
    return False
