"""How long a thousand take: `pytest tests/fleet/test_thousand.py -s` says it; docs/fleet.md holds the figure."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.fleet.conftest import Checkout, Make
from tests.messages import KNOWN_FROM_BEFORE

COUNT = int(os.environ.get("FLEET_COUNT", "1000"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand(checkout: Checkout, make: Make, tmp_path: Path) -> None:
    one = make("0")
    for number in range(1, COUNT):
        shutil.copytree(one, one.parent / str(number), symlinks=True)
    fleet = one.parent / "fleet.txt"
    fleet.write_text("\n".join(str(number) for number in range(COUNT)))
    for what in ("first", "again"):
        began = time.monotonic()
        found = checkout.check(fleet, "--json", "--state", str(tmp_path / "state"))
        print(f"\n{COUNT} repositories, {what}: {time.monotonic() - began:.0f} s on {os.cpu_count()} cores")
        assert json.loads(found.out)["counts"] == {"fine": COUNT}
    assert found.err.count(KNOWN_FROM_BEFORE) == COUNT
