"""Ports that are drawn: no two services get the same one, however many commands draw at once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.base import ports, records
from devenv.engines.native import addresses
from tests.conftest import REPO

# Both ways to draw: for an app (and its debugger), and for the servers of a service that runs natively.
DRAW = {
    "apps": "from devenv.base import ports; print(*(ports.draw() for _ in range(50)))",
    "servers": """
import sys
from devenv.engines.native import addresses, folders
names = [f"server-{number}" for number in range(50)]
print(*addresses.assign(folders.service("main", sys.argv[1]), names).values())
""",
}


def test_many_commands_at_once_draw_different_ports(state_home: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    argvs = [[sys.executable, "-c", code, f"service-{number}"] for number in range(4) for code in DRAW.values()]
    started = [subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE) for argv in argvs]
    drawn = [int(port) for process in started for port in process.communicate(timeout=120)[0].split()]
    assert len(drawn) == len(set(drawn)) == 400
    assert min(ports.RANGE) <= min(drawn) <= max(drawn) <= max(ports.RANGE)


def numbered(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Let these be the next random numbers."""
    following = iter(numbers)
    monkeypatch.setattr(ports.random, "randint", lambda *_: next(following))


def test_a_port_of_another_service_is_not_drawn(state_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records.write(records.Record("catalog", "other", port=21000, up={"debug": 21001}))
    servers = state_home / "other" / "catalog" / "native"
    servers.mkdir(parents=True)
    (servers / "ports.json").write_text(json.dumps({"db": 21002}))
    ports.keep([21003, 21004])
    numbered(monkeypatch, *range(21000, 21005), 21006, 21006, 21007)
    assert (ports.draw(), ports.draw()) == (21006, 21007)


def test_a_taken_port_is_not_drawn(state_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        numbered(monkeypatch, other.getsockname()[1], 21000)
        assert ports.draw() == 21000


@pytest.mark.parametrize("content", ["", "[2100", '{"a": 1}', '["x", null, 21000]'])
def test_a_damaged_list_is_written_again(state_home: Path, content: str) -> None:
    state_home.mkdir(parents=True)
    (state_home / "ports.json").write_text(content)
    port = ports.draw()
    assert json.loads((state_home / "ports.json").read_text())[-1] == port


def test_ports_are_drawn_again_when_the_list_is_full(state_home: Path) -> None:
    state_home.mkdir(parents=True)
    (state_home / "ports.json").write_text(json.dumps(list(range(ports.REMEMBERED))))
    port = ports.draw()
    remembered = json.loads((state_home / "ports.json").read_text())
    assert remembered == [*range(1, ports.REMEMBERED), port]


def test_a_server_keeps_its_port(state_home: Path) -> None:
    folder = state_home / "main" / "catalog" / "native"
    first = addresses.assign(folder, ["db", "cache"])
    assert addresses.assign(folder, ["db"]) == {"db": first["db"]}
    assert not folder.exists(), "who only looks leaves nothing"
    addresses.note(folder, first)
    addresses._drawn.clear()  # as in the next command
    assert addresses.assign(folder, ["cache", "db"]) == first
