"""docs/reference/ is what the code says."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import REPO


def test_the_committed_pages_are_what_the_script_prints() -> None:
    # A process of its own: invoke takes the help out of a task when it first reads its flags.
    check = [sys.executable, "-m", "maintain.reference", "--check"]
    done = subprocess.run(check, cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
