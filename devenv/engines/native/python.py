"""Finds a Python for the service: the version of its image where that is here, else the newest that will do."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path

from devenv.base import process
from devenv.base.errors import CONFIG, MISSING, DevError

IMAGE = re.compile(r"^FROM\s+(?:\S+/)?python:(\d+\.\d+)", re.M | re.I)
TELL = "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.version_info.releaselevel, sys.executable)"


def find(wanted: str, dockerfile: Path) -> str:
    """The path of a Python that fits a specifier such as >=3.11,<4. DevError 110 where there is none."""
    image = _of_image(dockerfile)
    with ThreadPoolExecutor() as threads:  # there may be dozens, and each takes its time to start
        seen = {path: version for path, version in threads.map(_ask, sorted(set(_candidates()))) if version}
    fitting = {path: version for path, version in seen.items() if fits(version, wanted)}
    if not fitting:
        have = ", ".join(sorted({".".join(map(str, v)) for v in seen.values()})) or "none"
        hint = f"install one: apt-get install python3, brew install python, pyenv install, uv python install {wanted}"
        raise DevError(MISSING, f"no Python {wanted} is here (found: {have})", hint)
    return max(fitting, key=lambda path: (_minor(fitting[path]) == image, fitting[path]))


def _of_image(dockerfile: Path) -> str:
    """The version that the app's image has: 3.13; empty where it tells none."""
    found = IMAGE.search(dockerfile.read_text()) if dockerfile.is_file() else None
    return found[1] if found else ""


def fits(version: tuple[int, ...], wanted: str) -> bool:
    """Whether a version satisfies a specifier as pip and uv read it (PEP 440); ==3.11 is any 3.11. DevError 111."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # here: only few commands look for a version

    try:
        specifier = SpecifierSet(re.sub(r"==\s*(\d+(?:\.\d+)?)\s*(?=,|$)", r"==\1.*", wanted))
    except InvalidSpecifier:
        message = f"dev.yaml: native: {wanted} is not a version specifier such as >=3.11"
        raise DevError(CONFIG, message, "allowed: >=3.11,<4") from None
    return specifier.contains(".".join(map(str, version)))


def _candidates() -> Iterator[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    yield from glob(f"{pyenv}/3.*/bin/python3")  # and not Path.glob, which stumbles over a folder of another user
    for folder in ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"):
        yield from glob(f"{folder}/python3.[0-9]*")
    for name in ("python3", *(f"python3.{minor}" for minor in range(9, 20))):
        found = shutil.which(name)
        # Not pyenv's shims: each is a slow shell script, and that of a version that is not active ends with 127.
        if found and Path(found).parent != pyenv.with_name("shims"):
            yield found
    yield from glob(f"{Path.home()}/.local/share/uv/python/cpython-3.*/bin/python3")


def _ask(path: str) -> tuple[str, tuple[int, ...]]:
    """A Python's own path and its version; no version for what is none, or not released yet."""
    if path.endswith("-config"):
        return path, ()
    argv = [path, "-I", "-S", "-c", TELL]  # -S: what is installed there does not matter, and it doubles the time
    words = process.capture(argv, {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).stdout.split()
    if len(words) < 3 or words[1] != "final":
        return path, ()
    return words[2], tuple(map(int, words[0].split(".")))


def _minor(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version[:2]))
