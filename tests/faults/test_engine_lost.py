"""The engine goes away in the middle of a command; its socket does, since the engine itself is everybody's."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.messages import CHECK_DOCKER, NO_ENGINE_ANSWERS
from tests.verbs.fixtures import COMPOSE
from tests.verbs.repo import Done, Repo, printed, rest

pytestmark = pytest.mark.parametrize("engine", COMPOSE, indirect=True)


class Socket:
    """The engine at an address of our own, which `close` takes away with all that goes through it."""

    def __init__(self, address: Path, engine: str) -> None:
        self.address, self.engine = address, engine
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(address))
        self.listener.listen()
        self.ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self.engine)
                self.ends += [client, engine]
                for way in ((client, engine), (engine, client)):
                    threading.Thread(target=copy, args=way, daemon=True).start()

    def close(self) -> None:
        self.address.unlink()
        for end in (self.listener, *self.ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def address() -> Iterator[Path]:
    """Short: the path of a socket has at most 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="sock-"))
    yield folder / "s"
    shutil.rmtree(folder)


@pytest.fixture
def engine_socket() -> str:
    """Where the engine of this machine listens."""
    said = subprocess.run(["docker", "context", "inspect"], capture_output=True, text=True, check=True).stdout
    kind, _, path = json.loads(said)[0]["Endpoints"]["docker"]["Host"].partition("://")
    if kind != "unix":
        pytest.skip("the engine listens on no socket of this machine")
    return path


def lost(repo: Repo, address: Path, engine: str, *words: str, after: int) -> Done | None:
    """A command that loses the engine while its own command of this number runs; None where it has none."""
    way = Socket(address, engine)
    repo.env["DOCKER_HOST"] = f"unix://{address}"
    process = repo.start(*words)
    reached = printed(process, after)
    way.close() if reached else process.wait()
    del repo.env["DOCKER_HOST"]
    return rest(process) if reached else None


def assert_said(done: Done) -> None:
    assert done.code == 110, done
    assert done.error.startswith(f"error[110]: {NO_ENGINE_ANSWERS}: ")
    assert done.hints[-1] == CHECK_DOCKER
    assert "Traceback" not in done.stderr


def test_up_is_taken_up_again_at_each_command(repo: Repo, address: Path, engine_socket: str) -> None:
    """Each goes on where the one before lost the engine, until one has too few commands left."""
    for turn in count():
        done = lost(repo, address, engine_socket, "dev.up", after=turn)
        if not done:
            break
        assert_said(done)
    assert turn >= 2
    repo.ok("dev.up")
    assert repo.steps() == []
    assert repo.fetch("/")[1].count("<li>") == 3


@pytest.mark.parametrize("words", [["dev.run", "--", "sleep", "20"], ["dev.logs", "--follow"], ["dev.reset"]])
def test_other_verbs_say_so(running: Repo, address: Path, engine_socket: str, words: list[str]) -> None:
    done = lost(running, address, engine_socket, *words, after=0)
    assert done
    assert_said(done)
