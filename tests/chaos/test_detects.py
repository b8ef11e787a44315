"""What the driver has to find: faults that are made on purpose, in the tools, in its ledger and on the machine."""

from __future__ import annotations

import fcntl
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import link_tree
from tests.gitrepo import replace_text

from . import ledger, service
from .driver import Chaos
from .kills import kill_unit
from .ledger import Ledger, World
from .verbs import Command

RESET = Command(("dev.reset",), ledger.reset())
CHANCE = random.Random(0)
SWAP = "dropped = [aside] if kind == DRAFT else [s for s in found.states if s.kind == kind == PREVIOUS]"
# In store.swap: what replaces the line above, and what the driver says.
IN_TOOLS = {
    "what was live is dropped": ("dropped = [aside]", "missing: previous with .*row-"),
    "the older one stays": ("dropped = [aside] if kind == DRAFT else []", "not expected: previous with"),
}

pytestmark = [
    pytest.mark.parametrize("engine", ["native"], indirect=True),
    pytest.mark.parametrize("database", ["postgres"], indirect=True),
]


def test_faults_are_found(chaos: Chaos, template: Path, tmp_path: Path) -> None:
    chaos.patience = 1
    for fault, (line, words) in IN_TOOLS.items():
        tools = edited(template, tmp_path / f"tools where {fault}", line)
        begin_again(chaos)
        with found(words):
            chaos.enter(CHANCE)
            chaos.repo.env["DEVENV_TOOLS"] = str(tools)
            chaos.together([RESET])
            chaos.check()
        del chaos.repo.env["DEVENV_TOOLS"]
    for words, fault in ON_MACHINE.items():
        begin_again(chaos)
        chaos.check()
        with found(words), fault(chaos):
            chaos.check()
        chaos.repo.ok("dev.up")
    with found("ended with 2"):
        chaos.together([Command(("dev.restore", "nothing"))])


def edited(template: Path, folder: Path, line: str) -> Path:
    """The tools with another line."""
    file = link_tree(template, folder) / "devenv/datastates/store.py"
    text = file.read_text()
    file.unlink()  # it is a link
    file.write_text(text)
    replace_text(file, SWAP, line)
    return folder


def begin_again(chaos: Chaos) -> None:
    """Fresh data, and a ledger of it, whatever happened before."""
    chaos.repo.ok("dev.reset")
    chaos.repo.ok("dev.reset")
    here = service.here(chaos.repo.path)
    chaos.ledger = Ledger(World(ledger.fresh(here), previous=ledger.fresh(here)), here)


@contextmanager
def found(words: str) -> Iterator[None]:
    with pytest.raises(AssertionError, match=f"(?s){words}"):
        yield


@contextmanager
def a_row_that_is_gone(chaos: Chaos) -> Iterator[None]:
    chaos.ledger.entered("gone")
    yield


@contextmanager
def a_row_of_the_required_service_that_is_gone(chaos: Chaos) -> Iterator[None]:
    before = chaos.base.worlds
    chaos.base.entered("gone, too")
    try:
        yield
    finally:
        chaos.base.worlds = before


@contextmanager
def a_process(chaos: Chaos) -> Iterator[None]:
    with subprocess.Popen(["sleep", "60"], env=chaos.repo.env) as started:
        try:
            yield
        finally:
            started.kill()


@contextmanager
def a_file(chaos: Chaos) -> Iterator[None]:
    file = chaos.repo.path.parent / "tmp/devenv-half"
    file.touch()
    try:
        yield
    finally:
        file.unlink()


@contextmanager
def a_lock(chaos: Chaos) -> Iterator[None]:
    [path] = chaos.repo.path.parent.glob(f"state/devenv/v1/*/{service.ROOT}.lock")
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def no_app(chaos: Chaos) -> Iterator[None]:
    kill_unit(chaos.repo, [], None, service.ROOT, "app")
    yield


ON_MACHINE: dict[str, Callable[[Chaos], contextmanager[None]]] = {
    "chaos: .*missing: live with .*'gone'": a_row_that_is_gone,
    "base: .*missing: live with .*'gone, too'": a_row_of_the_required_service_that_is_gone,
    "instead of": a_process,
    "left behind: .*devenv-half": a_file,
    "left behind: .*chaos.lock": a_lock,
    "'healthy': False": no_app,
}
