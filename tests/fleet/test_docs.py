"""docs/fleet.md, typed as it says."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.fleet.conftest import Make

REPO = Path(__file__).resolve().parents[2]
PAGE = REPO / "docs/fleet.md"
SHOP = "https://git.example.org/shop"


def console() -> list[tuple[str, str]]:
    """Each command of the page with what stands below it."""
    (block,) = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    steps = (step.partition("\n") for step in re.split(r"^\$ ", block, flags=re.MULTILINE) if step)
    return [(command, output) for command, _, output in steps]


def test_the_commands_of_the_page(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, catalog = make("elsewhere"), make("catalog")
    for name, value in {"COUNT": "1", "KEY_0": f"url.file://{shop}.insteadOf", "VALUE_0": SHOP}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    (_, listed), *commands = console()
    (catalog.parent / "fleet.txt").write_text(listed)
    assert len(commands) == 4
    for command, _ in commands:
        words = ["inv", f"--search-root={REPO}", *shlex.split(command, comments=True)[1:]]
        done = subprocess.run(words, cwd=catalog.parent, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert "2/2 " in done.stderr
        assert SHOP in done.stdout
        assert "--try" in words or "error" not in done.stdout.replace('"error": ""', ""), done.stdout
    assert SHOP in (catalog.parent / "fleet.html").read_text()
