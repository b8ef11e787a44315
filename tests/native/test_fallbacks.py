"""Machines that refuse or lack something: what still works, and what is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from . import stacks
from .conftest import CACHE, STATE, Make, copy_downloads

pytestmark = pytest.mark.xdist_group("native-small")
DATABASE = "    depends_on: [db]\n  db:\n    image: postgres:17\n    environment: {POSTGRES_PASSWORD: secret}\n"
SEARCH = "  search:\n    image: elasticsearch:9\n"
OPTIONAL = f"{SEARCH}    x-devenv-optional: true\n"
CACHE_SERVICE = "  cache:\n    image: valkey/valkey:9\n"


def test_where_no_namespace_may_be_made_the_url_is_localhost(small: Make, without: Callable[..., str]) -> None:
    repo = small(stacks.compose(), stacks.PYTHON, stacks.files())
    hidden = {"PATH": without("unshare")}
    assert repo.up(**hidden).stdout.strip() == f"http://localhost:{repo.port}"
    assert repo.answers() == 200
    assert f"the URL is http://localhost:{repo.port}" in repo.run("dev.doctor", **hidden).stdout
    assert "running (healthy)" in repo.ok("dev.status", **hidden).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for servers")
def test_root_runs_servers_as_nobody_where_user_namespaces_are_refused(
    reachable: Path, small: Make, without: Callable[..., str], downloads: Path
) -> None:
    copy_downloads(downloads, reachable / "cache")
    own = small(stacks.compose(others=DATABASE), stacks.PYTHON, stacks.files(), reachable / "state")
    hidden = {"PATH": without("unshare"), CACHE: str(reachable / "cache")}
    private = {**hidden, STATE: str(own.root.parent / "private")}
    assert "cannot be reached by nobody" in own.fails(110, "dev.up", **private)
    own.ok("dev.destroy", "--yes", **private)
    own.up(**hidden)
    assert own.ok("dev.dbshell", "--", "-qAtXc", "SELECT 1", **hidden).stdout.strip() == "1"
    server = next(pid for pid, words in own.processes().items() if "bin/postgres" in words)
    assert psutil.Process(server).username() == "nobody"
    own.ok("dev.down", **hidden)
    assert not own.processes()


@pytest.mark.slow
def test_a_server_that_cannot_be_fetched_is_110(small: Make, tmp_path: Path, without: Callable[..., str]) -> None:
    repo = small(stacks.compose(others=CACHE_SERVICE), "{node: '>=1'}", stacks.files())
    nowhere = dict.fromkeys(("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"), "http://127.0.0.1:9/simple")
    offline = {**nowhere, "UV_OFFLINE": "1", "PIP_RETRIES": "0", "UV_CACHE_DIR": str(tmp_path / "uv")}
    offline |= {CACHE: str(tmp_path / "empty"), "PIP_CACHE_DIR": str(tmp_path / "pip"), "PATH": without("uv")}
    said = repo.fails(110, "dev.up", **offline)
    assert "valkey could not be fetched" in said
    assert "hint: " in said


def test_an_unknown_image_is_111_with_its_line(small: Make) -> None:
    text = stacks.compose(others=SEARCH)
    line = text.splitlines().index("    image: elasticsearch:9") + 1
    said = small(text, stacks.PYTHON, stacks.files()).fails(111, "dev.up")
    assert f"compose.yaml:{line}" in said
    assert "no local server is known for the image elasticsearch:9" in said


def test_an_optional_service_that_cannot_run_is_left_out(small: Make) -> None:
    repo = small(stacks.compose(others=OPTIONAL), stacks.PYTHON, stacks.files())
    repo.up()
    assert repo.answers() == 200
    assert "search" not in repo.ok("dev.status").stdout


def test_a_published_port_of_another_number_is_named_since_no_port_is_mapped(small: Make, free_port: int) -> None:
    text = stacks.compose().replace("${PORT}:${PORT}", "${PORT}:8000").replace("PORT: ${PORT}\n", "PORT: 0\n")
    config = f"contract: '1.0'\nservice: catalog\napp: app\nport: {free_port}\nbudget: {{ready: 2s}}\n"
    files = {**stacks.files(), "dev.yaml": f"{config}native: {stacks.PYTHON}\n"}
    said = small(text, stacks.PYTHON, files).fails(112, "dev.up")
    assert f"hint: nothing listens on {free_port}, and without containers no port is mapped" in said
