"""The pytest plugin: which tests run, in which order, and with which outcome."""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.repository import Repository
from conformance.verdicts import Outcome

NOT_JUDGED = "not judged: "
# Fixtures that change the running service, in this order, so that one start serves all tests that can share it.
PHASES = (
    "up",
    "again",
    "migrated",
    "seeded",
    "looked",
    "restarted",
    "restored",
    "was_reset",
    "lean",
    "neighbour",
    "killed",
    "unconfirmed",
    "lent",
    "edited",
    "destroyed",
    "stranger",
    "recreated",
    "returned",
    "damaged",
)


def not_judged(why: str) -> None:
    """End a test that cannot look, because something before it failed."""
    pytest.skip(NOT_JUDGED + why)


def not_applicable(why: str) -> None:
    """End a test of a MUST that does not apply to this repository."""
    pytest.skip(why)


@dataclass(frozen=True)
class Subject:
    """The repository, the contract version that it keeps, and how to run it: the words before each command, the value
    of DEV_ENGINE, a factor for all time limits.
    """

    repository: Repository
    keeps: tuple[int, ...]
    door: tuple[str, ...] = ("make",)
    engine: str = ""
    patience: float = 1


class Named:
    """Gives the fixtures access to the subject."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self.subject, "subject")


class Judge:
    """Runs the tests of some MUSTs and keeps their outcomes. `static`: only tests that start nothing."""

    def __init__(self, ids: Collection[str], static: bool) -> None:
        self.ids, self.static = ids, static
        self.outcomes: dict[str, list[Outcome]] = defaultdict(list)
        self.unseen: set[str] = set()  # MUSTs with a test that was left out because it starts something
        self.faults: list[str] = []  # of the suite itself

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        wanted = [item for item in items if set(ids_of(item)) & set(self.ids)]
        self.unseen = {must for item in wanted for must in ids_of(item) if self.static and is_live(item)}
        items[:] = sorted((item for item in wanted if not (self.static and is_live(item))), key=phase)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        print(f"  {nodeid.rpartition('::')[2].removeprefix('test_').replace('_', ' ')}", file=sys.stderr, flush=True)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        result: Any = yield
        report = result.get_result()
        if report.when == "call" or not report.passed:
            outcome = self._outcome(item, call, report)
            for must in ids_of(item):
                self.outcomes[must].append(outcome)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(str(report.longrepr))

    def pytest_internalerror(self, excrepr: object) -> None:
        self.faults.append(str(excrepr))

    def _outcome(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Outcome:
        if report.passed:
            return Outcome("kept")
        said = str(call.excinfo.value) if call.excinfo else ""
        if report.skipped:
            judged = not said.startswith(NOT_JUDGED)
            return Outcome("not applicable" if judged else "not judged", said.removeprefix(NOT_JUDGED))
        if call.excinfo and not call.excinfo.errisinstance(AssertionError):
            self.faults.append(f"{item.name}: {report.longrepr}")
        function: Any = item.function  # type: ignore[attr-defined]
        return Outcome("broken", said.partition("\nassert ")[0], inspect.getdoc(function) or "")


def ids_of(item: pytest.Item) -> list[str]:
    """The MUSTs that a test names."""
    return [str(must) for mark in item.iter_markers("contract") for must in mark.args]


def is_live(item: pytest.Item) -> bool:
    return "sandbox" in item.fixturenames  # type: ignore[attr-defined]


def phase(item: pytest.Item) -> int:
    """Static tests first, then by the last phase that a test needs."""
    needs = [PHASES.index(name) + 1 for name in PHASES if name in item.fixturenames]  # type: ignore[attr-defined]
    return max(needs, default=int(is_live(item)))
