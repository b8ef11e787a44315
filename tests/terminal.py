"""A person at a terminal, who types what a page of docs says."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Terminal:
    """`cd` holds for the lines after it. `home`: a folder of the test's own."""

    home: Path
    env: dict[str, str]
    cwd: Path

    def type(self, line: str, code: int = 0) -> str:
        """What a line prints on stdout; with another code than 0, on stderr."""
        where = self.home / "where"
        script = f'{line}\nstatus=$?; pwd >"{where}"; exit $status'
        environment = {**os.environ, **self.env, "PWD": str(self.cwd)}
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"
        self.cwd = Path(where.read_text().strip())
        return done.stderr if code else done.stdout


def blocks(page: str) -> list[list[str]]:
    """The lines of each console block of a page, the output among them."""
    return [block.splitlines() for block in re.findall(r"^```console\n(.*?)^```", page, re.M | re.S)]


def typed(block: list[str]) -> list[str]:
    """What a person types of it."""
    return [line.removeprefix("$ ") for line in block if line.startswith("$ ")]
