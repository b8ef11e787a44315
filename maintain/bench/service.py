"""A generated service under measurement, and the commands that are timed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
BIN = REPO / ".venv" / "bin"
ENGINES = ("compose", "native")
# Variables of the shell or of the calling make: our commands must not get its ARGS.
FOREIGN = ("DEV_", "MAKE", "MFLAGS", "ARGS", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Service:
    """A repository with the environment of all its commands."""

    root: Path
    name: str
    rounds: int
    env: dict[str, str] = field(repr=False)

    def call(self, *argv: str) -> str:
        """Run a command and return its stdout; the rest is shown only when it fails."""
        done = subprocess.run(argv, cwd=self.root, env=self.env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def dev(self, *words: str) -> str:
        """One of our commands."""
        return self.call(".dev/run", *words)

    def compose(self, *words: str) -> str:
        """The plain engine on the same file, project and variables; its stdout."""
        env_file = ["--env-file", ".dev/local/main.env"]
        return self.call("docker", "compose", "-p", self.project, "-f", "compose.yaml", *env_file, *words)

    def plain(self, *words: str) -> str:
        """What somebody without our tools types: without the accounts, which are made by them."""
        known = (self.root / ".dev/local/main.env").read_text().splitlines(keepends=True)
        (self.root / ".dev/local/plain.env").write_text("".join(line for line in known if not line.startswith("DB_")))
        files = ["-f", "compose.yaml", "--env-file", ".dev/local/plain.env"]
        return self.call("docker", "compose", "-p", self.project, *files, *words)

    @property
    def project(self) -> str:
        """The name of its Compose project."""
        record = Path(self.env["XDG_STATE_HOME"], "devenv", "v1", "main", f"{self.name}.json")
        return str(json.loads(record.read_text())["project"])

    def status(self) -> dict[str, Any]:
        """What dev.status says."""
        found: dict[str, Any] = json.loads(self.dev("dev.status", "--json"))
        return found

    def memory(self) -> float:
        """MB of the service and all that it requires, as dev.status has it."""
        found = self.status()
        return float(sum(answer["memory"] for answer in (found, *found["requires"]))) / 2**20

    def destroy(self) -> None:
        """Remove, data included; images are built again from the engine's cache by the next start."""
        self.dev("dev.destroy", "--yes")

    def on(self, engine: str, **variables: str) -> Service:
        """The same with an engine chosen, and other variables."""
        return replace(self, env={**self.env, "DEV_ENGINE": engine, **variables})

    def median(self, before: Callable[[], object], timed: Callable[[], object]) -> float:
        """Seconds of `timed`, each time after `before`."""
        times = []
        for _ in range(self.rounds):
            before()
            start = time.monotonic()
            timed()
            times.append(time.monotonic() - start)
        return statistics.median(times)


def bake(scratch: Path, name: str, rounds: int, **answers: object) -> Service:
    """A generated service (Django by default) with its tool environment, and with empty state; downloads are the
    user's."""
    given = [f"{key}={value}" for key, value in {"service": name, "port": free_port(), **answers}.items()]
    options = ["--config-file", "maintain/cookiecutter.yaml", "--no-input", "-o", str(scratch)]
    command = [str(BIN / "cookiecutter"), *options, str(REPO), *given]
    subprocess.run(command, cwd=REPO, check=True, capture_output=True)
    service = Service(scratch / name, name, rounds, environment(scratch))
    service.dev("--list")
    return service


def environment(scratch: Path) -> dict[str, str]:
    """State and checkouts are in the scratch folder; downloads come from the user's caches."""
    kept = {"UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip"}
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    own = {
        **{name: os.environ.get(name) or str(caches / folder) for name, folder in kept.items()},
        "XDG_STATE_HOME": str(scratch / "state"),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    return {**{name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}, **own}


def engines(service: Service) -> list[str]:
    """Those that can be measured here."""
    return [engine for engine in ENGINES if (has_docker() if engine == "compose" else supports(service, engine))]


def supports(service: Service, engine: str) -> bool:
    """Whether the vendored code can use an engine here."""
    plan = [".dev/run", "dev.plan"]
    return not subprocess.run(plan, cwd=service.root, env=service.on(engine).env, capture_output=True).returncode


def has_docker() -> bool:
    """Whether a container engine answers."""
    return bool(shutil.which("docker")) and not subprocess.run(["docker", "info"], capture_output=True).returncode


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
