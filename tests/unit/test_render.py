"""Values as text for people."""

from __future__ import annotations

import pytest

from devenv.lifecycle.doctor import Finding
from devenv.lifecycle.status import ServiceStatus, Status
from devenv.tasks import render
from tests.messages import MEMORY_AT_MOST, NEXT, NOT_BUILT, NOTHING_TO_DO

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
    secrets=[
        {"name": "login", "for": ["build"], "required": True, "from": "netrc pypi.example.org"},
        {"name": "mail_key", "for": ["run"], "required": True, "from": ""},
        {"name": "chat_key", "for": ["run"], "required": False, "from": ""},
    ],
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
    render.status(STATUS, [], lines.append)
    assert lines == [
        "catalog · workspace main · Docker 28.5.1",
        "SERVICE  STATE         MEMORY           URL",
        "catalog  not healthy   96 MB of 512 MB  http://catalog.localhost:18160",
        "  app    Up (healthy)  96 MB",
        "  db     not created   -",
        "login admin:  a / b  http://x/admin/  (may do all)",
        "login guest:  c / d  http://x/",
        "secret login: netrc pypi.example.org",
        "secret mail_key: not set",
        "secret chat_key: not set (optional)",
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
    render.status(found, [], lines.append)
    render.up(found, 12.34, json=True)
    assert line in lines
    assert line in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(("json", "stdout"), [(False, f"{STATUS.url}\n"), (True, "")])
def test_the_end_of_up_goes_to_stderr_and_its_url_to_stdout(
    json: bool, stdout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    render.up(STATUS, 12.34, json)
    out, err = capsys.readouterr()
    assert out == stdout
    assert err.splitlines() == [
        "catalog is up: 12.3 s, memory 96 MB of 512 MB",
        "http://catalog.localhost:18160",
        "login admin:  a / b  http://x/admin/  (may do all)",
        "login guest:  c / d  http://x/",
        NEXT,
    ]


def test_a_service_without_logins(capsys: pytest.CaptureFixture[str]) -> None:
    render.up(STATUS._replace(logins=[]), 1.0, json=False)
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_the_services_that_it_requires_are_in_the_same_table() -> None:
    lms = {"service": "lms", "healthy": True, "url": "http://lms.localhost:1", "runs": "v1 (7ac7)", "memory": 2 * MB}
    foreign = {"service": "notes", "healthy": False, "url": "http://notes.localhost:2", "runs": "v2 (0000)"}
    lines: list[str] = []
    render.status(STATUS, [{**lms, "budget": 8 * MB}, foreign], lines.append)
    assert lines[1:7] == [
        "SERVICE  STATE         MEMORY           VERSION    URL",
        "catalog  not healthy   96 MB of 512 MB             http://catalog.localhost:18160",
        "  app    Up (healthy)  96 MB",
        "  db     not created   -",
        "lms      healthy       2 MB of 8 MB     v1 (7ac7)  http://lms.localhost:1",
        "notes    not running   -                v2 (0000)  http://notes.localhost:2",
    ]


TABLE = [["NAME", "STATE", "URL"], ["app", "up", "http://app.localhost:18160"], ["db", "", "http://db.localhost:1"]]


@pytest.mark.parametrize("width", range(12, 60))
def test_a_table_cuts_nothing_on_a_narrow_terminal(width: int) -> None:
    lines = render.fitted(TABLE, width)
    for cell in ("app", "up", "http://app.localhost:18160", "http://db.localhost:1"):
        assert any(cell in line for line in lines)
    assert all(len(line) <= width or line.startswith("    http") for line in lines)


def test_a_column_without_content_is_left_out() -> None:
    assert render.fitted([["NAME", "URL"]], 80) == []
    assert render.fitted([["", ""], ["", ""]], 0) == []
    assert render.fitted([["NAME", "VERSION", "URL"], ["app", "", "x"]], 0) == ["NAME  URL", "app   x"]


PLAN = {
    "service": "catalog",
    "workspace": "main",
    "engine": "compose",
    "engine_version": "Docker 28.5.1",
    "url": "http://catalog.localhost:18160",
    "port": 18160,
    "steps": [f"build app ({NOT_BUILT})", "start app db (not running)"],
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
        "catalog · workspace main · Docker 28.5.1",
        f"  build app ({NOT_BUILT})",
        "  start app db (not running)",
        "SERVICE  RUNS         MEMORY  URL",
        "catalog               320 MB  http://catalog.localhost:18160",
        "  app    built here   320 MB",
        "  db     postgres:17  -",
        f"{MEMORY_AT_MOST} 320 MB, machine 16384 MB",
    ]


def test_a_plan_without_steps() -> None:
    lines: list[str] = []
    render.plan({**PLAN, "steps": []}, lines.append)
    assert lines[1] == f"  {NOTHING_TO_DO}"


def test_doctor() -> None:
    lines: list[str] = []
    render.doctor([Finding("D01", True, "Docker answers"), Finding("D20", False, "disk full", "prune")], lines.append)
    assert lines == ["D01 ok    Docker answers", "D20 WRONG disk full", "          fix: prune"]


def test_data_that_no_command_made_has_no_age() -> None:
    row = {"id": "", "key": "", "branch": "", "age": 0, "size": 8 * MB, "live": False}
    known, unknown = {**row, "name": "live", "kind": "live"}, {**row, "name": "test_service", "kind": "unknown"}
    lines: list[str] = []
    render.states([known, unknown], lines.append)
    assert "0 s" in lines[1]
    assert "0 s" not in lines[2]
