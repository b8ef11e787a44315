"""Where a server's programs come from: the machine, else a wheel; and how well they match the image."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from devenv.base import process
from devenv.engines.native.tools import Wheel


class Programs(NamedTuple):
    """A folder of programs of one major version, on the machine or (once fetched) in a wheel."""

    name: str
    major: int
    folder: Path | None = None
    wheel: Wheel | None = None

    @property
    def bin(self) -> Path:
        """Where the programs lie."""
        if self.wheel:
            return self.wheel.bin
        assert self.folder
        return self.folder

    def is_there(self) -> bool:
        """Whether they can be run now."""
        return self.wheel.is_there() if self.wheel else True

    def fetch(self) -> None:
        """Install the wheel, where they come from one."""
        if self.wheel:
            self.wheel.fetch()

    def differs(self, wanted: int) -> str:
        """What to tell where this is another major version than the image's."""
        return f"{self.name} {self.major} instead of {wanted}" if wanted and wanted != self.major else ""


def major(text: str) -> int:
    """The first number in a version or a tag; 0 where there is none, as in `latest`."""
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0


def best(found: Iterable[Programs], wanted: int) -> Programs | None:
    """The wanted major version, else the nearest newer one, else the newest. Earlier ones win among equals."""
    candidates = list(found)
    exact = [p for p in candidates if p.major == wanted]
    newer = sorted((p for p in candidates if p.major > wanted), key=lambda p: p.major)
    if not wanted:
        newer = newer[::-1][:1]  # `latest`
    older = sorted(candidates, key=lambda p: -p.major)
    return next(iter([*exact, *newer, *older]), None)


def on_path(name: str, program: str) -> list[Programs]:
    """What the person's PATH offers, asked for its version."""
    found = shutil.which(program)
    if not found:
        return []
    said = re.sub(r"^.*?(?=\d+\.\d+)", "", process.capture([found, "--version"]).stdout)
    return [Programs(name, major(said), Path(found).resolve().parent)] if major(said) else []
