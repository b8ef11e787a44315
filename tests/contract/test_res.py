"""RES: memory and time."""

from __future__ import annotations

import pytest

from conformance.plugin import not_judged
from conformance.repository import Repository
from conformance.sandbox import Sandbox
from conftest import Seen

MIB = 2**20


@pytest.mark.contract("RES-1")
def test_a_memory_budget_is_declared(repository: Repository, dev: dict[str, object]) -> None:
    """Write `budget: {memory: 512M, ready: 60s}` into dev.yaml. Take the memory that dev.status shows, and add some."""
    assert repository.memory, "dev.yaml has no budget.memory such as 512M"


@pytest.mark.contract("RES-1")
def test_memory_is_within_the_budget(sandbox: Sandbox, repository: Repository, again: Seen) -> None:
    """Find what uses the memory (`docker stats`, dev.status). Reduce that, or declare what the service really needs."""
    if not repository.memory:
        not_judged("no budget.memory is declared")
    used = sandbox.machine.memory()
    assert used, "found no process or container that uses memory"
    assert used <= repository.memory, f"it uses {used / MIB:.0f} MiB of {repository.memory / MIB:.0f} MiB"


@pytest.mark.contract("RES-2")
def test_a_time_budget_is_declared(repository: Repository, dev: dict[str, object]) -> None:
    """Write `budget: {memory: 512M, ready: 60s}` into dev.yaml."""
    assert repository.ready, "dev.yaml has no budget.ready such as 60s"


@pytest.mark.contract("RES-2")
def test_a_start_is_within_the_budget(repository: Repository, restarted: Seen) -> None:
    """Find the slow step (dev.up shows the time of each). Make it faster, or declare the time that it really needs."""
    if not repository.ready:
        not_judged("no budget.ready is declared")
    seconds = restarted.done.seconds
    assert seconds <= repository.ready, f"dev.up after dev.down took {seconds:.1f} s of {repository.ready:.0f} s"
