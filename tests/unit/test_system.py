"""What depends on the operating system: two implementations that agree, and no other module that has it too."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from devenv.base import ports, system
from devenv.base.system import linux, portable
from devenv.lifecycle.status import ServiceStatus, Status
from devenv.tasks import render
from tests.conftest import REPO, until

KERNEL = re.compile(r"/proc\b|/sys/(fs|class|kernel)")
ON_LINUX = pytest.mark.skipif(not linux.PROC.joinpath("self/stat").exists(), reason="only Linux has /proc")
BOTH = pytest.mark.parametrize("here", [pytest.param(linux, marks=ON_LINUX), portable], ids=["linux", "portable"])


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module that are not docstrings."""
    docs = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in docs:
            yield each.value


def test_no_other_module_reads_the_kernel_s_files() -> None:
    paths = [path for path in (REPO / "devenv").rglob("*.py") if path.parent.name != "system"]
    found = [
        f"{path.relative_to(REPO)}: {text}"
        for path in paths
        for tree in [ast.parse(path.read_text())]
        for text in [*texts(tree), *(n.name for i in ast.walk(tree) if isinstance(i, ast.Import) for n in i.names)]
        if KERNEL.search(text) or text == "psutil"
    ]
    assert len(paths) > 100
    assert found == []


def test_no_test_that_a_mac_runs_reads_the_kernel_s_files() -> None:
    """Those of the macOS job. A file here is about /proc itself, or reads that of a container."""
    run = yaml.safe_load((REPO / ".github/workflows/ci.yml").read_text())["jobs"]["macos"]["steps"][-1]["run"]
    folders = re.findall(r"tests/\w+", run)
    about = {"unit/test_system.py", "unit/test_shell.py", "verbs/test_services.py"}
    paths = [path for folder in folders for path in (REPO / folder).rglob("*.py")]
    found = {
        str(p.relative_to(REPO / "tests")) for p in paths for t in texts(ast.parse(p.read_text())) if KERNEL.search(t)
    }
    assert len(folders) >= 5
    assert found == about


def test_both_have_the_same_functions() -> None:
    def public(module: ModuleType) -> set[str]:
        return {name for name, each in vars(module).items() if getattr(each, "__module__", "") == module.__name__}

    assert {n for n in public(linux) if n[0] != "_"} == {n for n in public(portable) if n[0] != "_"}


@ON_LINUX
def test_both_describe_a_process_alike(tmp_path: Path) -> None:
    env = {**os.environ, "OF_THIS": "test"}
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path, env=env, start_new_session=True) as child:
        try:
            assert until(lambda: b"OF_THIS=test" in linux.only(child.pid)[child.pid].environment)
            first, second = linux.only(child.pid)[child.pid], portable.only(child.pid)[child.pid]
            described = [(each.parent, each.session, each.group, each.name) for each in (first, second)]
            assert described == [(os.getpid(), child.pid, child.pid, "sleep")] * 2
            for here, entry in ((linux, first), (portable, second)):
                assert here.look()[child.pid] == entry
                assert here.folder(child.pid) == str(tmp_path)
                assert b"OF_THIS=test" in entry.environment
                assert here.boot()
                assert entry.birth.startswith(f"{here.boot()}/")
                assert 0 < (here.memory_of(child.pid) or 0) < 2**26
        finally:
            child.kill()
    assert linux.only(child.pid) == portable.only(child.pid) == {}
    assert linux.memory_of(child.pid) == portable.memory_of(child.pid) == 0


def test_the_portable_one_reads_arguments_too() -> None:
    """macOS hides the variables of its own programs, such as /bin/sh."""
    with subprocess.Popen(["sh", "-c", "sleep 60; true", "MARK=here"], start_new_session=True) as child:
        try:
            # The kernel shows the arguments a moment after the program has begun.
            assert until(lambda: b"MARK=here" in portable.only(child.pid)[child.pid].environment)
        finally:
            os.killpg(child.pid, 9)


@BOTH
def test_who_listens(here: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert here.listening(port) == os.getpid()
    assert here.listening(port) == 0


@ON_LINUX
def test_linux_knows_when_a_process_ends() -> None:
    with subprocess.Popen(["sleep", "0.1"]) as child:
        begun = time.monotonic()
        linux.ends(child.pid, 300)
        assert child.poll() is not None
        assert time.monotonic() - begun < 200


@ON_LINUX
def test_the_variable_chooses_the_portable_one() -> None:
    say = "from devenv.base import system; print(system.PORTABLE, system.look.__module__)"

    def chosen(**more: str) -> str:
        env = {**os.environ, "PYTHONPATH": str(REPO), **more}
        return subprocess.run([sys.executable, "-c", say], env=env, capture_output=True, text=True).stdout

    assert chosen(DEVENV_PORTABLE="1") == "True devenv.base.system.portable\n"
    assert chosen(DEVENV_PORTABLE="") == "False devenv.base.system.linux\n"


@pytest.mark.parametrize(("found", "sum_"), [([], 0), ([3, 4], 7), ([3, None], None)])
def test_memory_that_cannot_be_measured_is_not_zero(
    found: list[int | None], sum_: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "memory_of", lambda pid: found[pid])
    assert system.memory(range(len(found))) == sum_


@pytest.mark.parametrize(("memory", "shown"), [(None, "not measured of 512 MB"), (2**20, "1 MB of 512 MB")])
def test_memory_that_was_not_measured_is_said(memory: int | None, shown: str) -> None:
    running = [ServiceStatus("app", "running (unhealthy)", False, memory)]
    found = Status("catalog", "main", "native", "", "", "", "", "", False, "", {}, [], running, [], {}, memory, 2**29)
    lines: list[str] = []
    render.status(found, [], lines.append)
    row = next(line for line in lines if line.startswith("catalog") and shown in line)
    assert "not healthy" in row


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_taken_port_where_binding_to_it_succeeds(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS and BSD, SO_REUSEADDR lets a server have 127.0.0.1 while another has all addresses."""
    monkeypatch.setattr(ports, "_binds", lambda *_: True)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)
