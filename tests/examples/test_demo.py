"""`make demo` as a newcomer runs it: in a clone, twice, and away again by the command that it prints."""

from __future__ import annotations

import filecmp
import os
import shlex
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.messages import NOTHING_TO_DO
from tests.verbs import machine
from tests.verbs.fixtures import COMPOSE_FIRST
from tests.verbs.repo import Done, Repo

NATIVE = pytest.mark.parametrize("engine", ["native"], indirect=True)


@dataclass(frozen=True)
class Clone:
    """A clone of this repo, and the environment in which its targets are typed."""

    path: Path
    env: dict[str, str]

    def run(self, *argv: str) -> Done:
        done = subprocess.run(argv, cwd=self.path, env={**os.environ, **self.env}, capture_output=True, text=True)
        return Done(done.returncode, done.stdout, done.stderr)

    def demo(self) -> Done:
        done = self.run("make", "demo")
        assert done.code == 0, done
        return done

    @property
    def shop(self) -> Repo:
        return Repo(self.path / "build/demo/shop", "shop", self.env)

    @property
    def stamp(self) -> Path:
        return self.path / "build/demo/.made-from"


@pytest.fixture
def clone(template: Path, engine: str, tmp_path: Path) -> Iterator[Clone]:
    """With the environment of these tests, where that is what `make venv` would make."""
    path, token = tmp_path / "clone", f"t{uuid.uuid4().hex[:8]}"
    subprocess.run(["git", "clone", "--quiet", str(template), str(path)], check=True)
    if filecmp.cmp(path / "requirements.txt", Path(sys.prefix, "requirements.txt")):
        (path / ".venv").symlink_to(sys.prefix)
    clone = Clone(path, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})
    yield clone
    clone.run("make", "demo", "ARGS=--remove")
    if engine == "compose":
        machine.remove_by_force(token)


def printed(done: Done, label: str) -> str:
    """What stands after a label of the last lines."""
    return next(line.partition(label)[2].strip() for line in done.stdout.splitlines() if line.strip().startswith(label))


@pytest.mark.parametrize("engine", COMPOSE_FIRST, indirect=True)
def test_two_services_a_login_and_nothing_left(clone: Clone, engine: str) -> None:
    done = clone.demo()
    found = clone.shop.status()
    lms = found["requires"][0]
    assert (found["healthy"], lms["service"], lms["healthy"]) == (True, "lms", True)
    assert printed(done, "shop ") == f"{found['url']}  log in: alice / alice"
    assert f"POST {lms['url']}/login/" in done.stdout
    assert "the page of shop says: logged in as alice" in done.stdout
    assert "dev.doctor" not in done.stdout + done.stderr, "what the generator proposes is not for the demo"
    again = clone.demo()
    assert "cookiecutter" not in again.stdout
    assert NOTHING_TO_DO in again.stderr
    clone.shop.ok("dev.edit", "lms")  # as the demo proposes: lms then has data of a source checkout
    assert clone.run(*shlex.split(printed(done, "remove:"))).code == 0
    assert not (clone.path / "build/demo").exists()
    assert machine.left_by(clone.env["DEV_WORKSPACE"], clone.path, engine) == []
    assert not Path.home().joinpath(".cookiecutter_replay").exists(), "which cookiecutter would leave"


@NATIVE
def test_what_it_did_not_make_is_not_touched(clone: Clone) -> None:
    own = clone.path / "build/demo/shop/own"
    own.parent.mkdir(parents=True)
    own.write_text("work of a week")
    done = clone.run("make", "demo")
    assert "error[113]: build/demo is in the way" in done.stderr
    assert clone.run("make", "demo", "ARGS=--remove").code == 0
    assert own.read_text() == "work of a week"


@NATIVE
@pytest.mark.slow
def test_what_changed_is_made_again_and_no_work_is_lost(clone: Clone) -> None:
    clone.demo()
    before = clone.stamp.read_text()
    with (clone.path / "examples/stack/consumer/products/notes.py").open("a") as file:
        file.write("# another line\n")
    own = clone.path / "build/demo/lms/own.py"
    own.write_text("work of a week")
    assert "error[114]: build/demo/lms has changes of yours" in clone.run("make", "demo").stderr
    own.unlink()
    assert "it is removed, and made again" in clone.demo().stdout
    assert clone.stamp.read_text() != before
    assert "# another line" in (clone.shop.path / "products/notes.py").read_text()
