"""The files of a repository: dev.yaml, the compose file, the Dockerfile, the Makefile, what git holds."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance import composefile, dockerfile
from conformance.composefile import Unreadable

LIMIT = 20  # seconds; make and git usually answer at once, but a Makefile may do anything


@dataclass(frozen=True)
class Repository:
    """The folder to check. Nothing is ever written into it."""

    path: Path

    @cached_property
    def dev(self) -> dict[str, Any]:
        """dev.yaml. Raises Unreadable if it is missing or not a mapping."""
        return composefile.read(self.path / "dev.yaml")

    @property
    def compose_path(self) -> Path:
        return self.path / str(self.dev.get("compose", "compose.yaml"))

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """The services of the compose file, with `extends` resolved."""
        return composefile.services(self.compose_path)

    @property
    def app(self) -> dict[str, Any]:
        """The service that is this repository's own code."""
        name = self.dev.get("app")
        if name not in self.services:
            raise Unreadable(f"{self.compose_path.name} has no service {name}")
        return self.services[name]

    @property
    def build(self) -> dict[str, Any]:
        """How the app's image is built."""
        build = self.app.get("build")
        if not build:
            raise Unreadable(f"{self.compose_path.name}: {self.dev['app']} has no build:")
        return {"context": build} if isinstance(build, str) else dict(build)

    @property
    def dockerfile_path(self) -> Path:
        return self.context / str(self.build.get("dockerfile", "Dockerfile"))

    @property
    def context(self) -> Path:
        return self.compose_path.parent / str(self.build.get("context", "."))

    @cached_property
    def instructions(self) -> list[dockerfile.Instruction]:
        """The instructions of the Dockerfile."""
        try:
            return dockerfile.parse(self.dockerfile_path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(f"{self.dockerfile_path.name}: {error}") from None

    @property
    def database(self) -> str:
        """`postgres`, `mysql`, or empty."""
        kinds = (composefile.kind(str(service.get("image", ""))) for service in self.services.values())
        return next((kind for kind in kinds if kind in ("postgres", "mysql")), "")

    @cached_property
    def targets(self) -> set[str]:
        """The targets of the Makefile. No recipe runs, since the requested target does not exist."""
        said = quiet(["make", "-C", str(self.path), "-pRrq", "contract-no-such-target"])
        return set(re.findall(r"^([\w.-]+):", said, re.MULTILINE))

    @cached_property
    def tracked(self) -> list[str]:
        """The files that git holds or would hold; without git, all files."""
        said = quiet(["git", "-C", str(self.path), "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        if said:
            return [name for name in said.split("\0") if name and os.path.lexists(self.path / name)]
        return [str(p.relative_to(self.path)) for p in sorted(self.path.rglob("*")) if p.is_file() or p.is_symlink()]

    @property
    def memory(self) -> float | None:
        """The declared memory in bytes; None if there is none."""
        return self._budget("memory", {"K": 2**10, "M": 2**20, "G": 2**30})

    @property
    def ready(self) -> float | None:
        """The declared time in seconds; None if there is none."""
        return self._budget("ready", {"s": 1, "m": 60})

    def _budget(self, name: str, units: dict[str, int]) -> float | None:
        budget = self.dev.get("budget")
        text = str(budget.get(name, "")) if isinstance(budget, dict) else ""
        match = re.fullmatch(rf"([0-9]+(?:\.[0-9]+)?)([{''.join(units)}])", text)
        return float(match[1]) * units[match[2]] if match else None


def quiet(argv: list[str]) -> str:
    """What a command writes to stdout, whatever its exit code; empty for an unknown program."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GIT_"))}
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=LIMIT,
            env={**clean, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
