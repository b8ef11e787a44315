"""Values as text for people."""

from __future__ import annotations

import pytest

from devenv.lifecycle.doctor import Finding
from devenv.lifecycle.status import ServiceStatus, Status
from devenv.tasks import render

MB = 2**20
STATUS = Status(
    service="catalog",
    workspace="main",
    engine="compose",
    engine_version="Docker 28.5.1",
    checkout="/src/catalog",
    url="http://catalog.localhost:18160",
    internal_url="http://catalog:18160",
    data="0a1b",
    healthy=False,
    image="",
    debugger={},
    services=[ServiceStatus("app", "Up (healthy)", True, 96 * MB), ServiceStatus("db", "not created", False, None)],
    logins=[
        {"name": "admin", "username": "a", "password": "b", "url": "http://x/admin/", "help": "may do all"},
        {"name": "guest", "username": "c", "password": "d", "url": "http://x/", "help": ""},
    ],
    outputs={"default": {"users": 3, "courses": 12}, "empty": {}},
    memory=96 * MB,
    budget=512 * MB,
)


def test_status() -> None:
    lines: list[str] = []
    render.status(STATUS, lines.append)
    assert lines == [
        "catalog  http://catalog.localhost:18160  workspace main, Docker 28.5.1",
        "SERVICE  STATE         MEMORY",
        "app      Up (healthy)  96 MB",
        "db       not created   -",
        "memory 96 MB of 512 MB",
        "login admin: a / b  http://x/admin/  (may do all)",
        "login guest: c / d  http://x/",
        "scenario default: users=3, courses=12",
        "scenario empty: done",
    ]


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("VS Code: Attach", "debugger listens on 127.0.0.1:5678  (VS Code: Attach)"),
        ("", "debugger listens on 127.0.0.1:5678"),
    ],
)
def test_where_the_debugger_listens(how: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = STATUS._replace(debugger={"address": "127.0.0.1:5678", "help": how})
    lines: list[str] = []
    render.status(found, lines.append)
    render.up(found, 12.34)
    assert line in lines
    assert line in capsys.readouterr().err.splitlines()


def test_the_end_of_up_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    render.up(STATUS, 12.34)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "login admin: a / b  http://x/admin/  (may do all)",
        "login guest: c / d  http://x/",
        "catalog is up: memory 96 MB of 512 MB, 12.3 s",
    ]


PLAN = {
    "service": "catalog",
    "workspace": "main",
    "engine": "compose",
    "engine_version": "Docker 28.5.1",
    "url": "http://catalog.localhost:18160",
    "port": 18160,
    "steps": ["build app (not built yet)", "start app db (not running)"],
    "services": [
        {"name": "app", "runs": "built here", "memory": 320 * MB},
        {"name": "db", "runs": "postgres:17", "memory": None},
    ],
    "memory": 320 * MB,
    "budget": None,
    "machine_memory": 16384 * MB,
    "root_requires": [],
    "requires": [],
}


def test_plan() -> None:
    lines: list[str] = []
    render.plan(PLAN, lines.append)
    assert lines == [
        "catalog  http://catalog.localhost:18160  workspace main, Docker 28.5.1",
        "  build app (not built yet)",
        "  start app db (not running)",
        "SERVICE  RUNS         LIMIT",
        "app      built here   320 MB",
        "db       postgres:17  -",
        "memory at most 320 MB, machine 16384 MB",
    ]


def test_a_plan_without_steps() -> None:
    lines: list[str] = []
    render.plan({**PLAN, "steps": []}, lines.append)
    assert lines[1] == "  nothing to do"


def test_doctor() -> None:
    lines: list[str] = []
    render.doctor([Finding("D01", True, "Docker answers"), Finding("D20", False, "disk full", "prune")], lines.append)
    assert lines == ["D01 ok    Docker answers", "D20 WRONG disk full", "          fix: prune"]
