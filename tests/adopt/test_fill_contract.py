"""What is filled in keeps the contract, as far as files say: a bare service with the owner's files for its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adopt.fill_readings import ALL
from tools.adopt.fill.answers import answers
from tools.adopt.fill.files import files
from tools.adopt.found import Reading
from tools.adopt.names import Names

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "tests" / "contract" / "check.py"
BESIDE = Names("compose.devenv.yaml", "Dockerfile.devenv", "Dockerfile.devenv.dockerignore")


@pytest.fixture
def adopted(generate: Callable[[Path, dict[str, str]], Path], template: Path, tmp_path: Path) -> Callable[..., Path]:
    """adopted(reading, names) → a folder with the template's files and those filled in."""

    def adopt(reading: Reading, names: Names) -> Path:
        given = answers(reading)
        folder = shutil.copytree(generate(template, given), tmp_path / given["service"], symlinks=True)
        for ours in (names.compose, names.dockerfile, names.ignore):
            (folder / ours).unlink(missing_ok=True)
        for name, text in files(reading, given, names, ROOT / "templates").items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return adopt


@pytest.mark.parametrize("names", [Names(), BESIDE], ids=["alone", "beside"])
@pytest.mark.parametrize("name", ALL)
def test_the_contract_is_kept_as_far_as_files_say(adopted: Callable[..., Path], name: str, names: Names) -> None:
    folder = adopted(ALL[name], names)
    argv = [sys.executable, str(CHECK), str(folder), "--static", "--level", "full"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
