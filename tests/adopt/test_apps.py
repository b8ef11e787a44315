"""Applications that nobody here wrote, of several frameworks and ages: what is read, and that nothing is harmed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

from . import apps
from .apps import App
from .conftest import Source
from .test_retrofit import assert_nothing_is_harmed, retrofit

# What the report has to say of each, as `name  value`; and how many places are left to its owner.
CASES: list[tuple[App, dict[str, str], int]] = [
    (apps.HTTPBIN, {}, 9),
    (apps.FRACTAL, {}, 9),
    (apps.FITTRACKEE, {}, 9),
    (apps.PRETALX, {}, 9),
    (apps.FLASKBB, {}, 9),
    (apps.QUETZ, {}, 9),
    (apps.ISSO, {}, 9),
    (apps.KINTO, {}, 9),
    (apps.WGER, {}, 9),
    (apps.DPASTE, {}, 9),
    (apps.MONGO_EXPRESS, {}, 9),
    (apps.UNLEASH, {}, 9),
]


def told(report: str) -> dict[str, str]:
    """The report's facts, by name."""
    found = report.partition("Found\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^  (\S+(?: \S+)*?)\s{2,}(.*?)\s+\(.*\)$", found, re.M))


@pytest.mark.parametrize(
    ("app", "expected", "left"), CASES, ids=lambda value: value.name if isinstance(value, App) else ""
)
def test_application_is_read(history: Path, source: Source, app: App, expected: dict[str, str], left: int) -> None:
    repo = source(app)
    report = assert_nothing_is_harmed(history, repo)
    print(report)
    found = told(report)
    assert {name: found.get(name) for name in expected} == expected
    places = [line for line in report.partition("To fill in\n")[2].partition("\n\n")[0].splitlines() if line[2] != " "]
    assert len(places) <= left, places
    retrofit(history, repo)
    argv = [sys.executable, str(REPO / "tests/contract/check.py"), str(repo), "--static", "--level", "core"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
