"""`make bench`: dev.up beside the plain engine, in the same run, as ratios of medians.

Absolute times say more about the machine than about us, so nothing here is a test. `ARGS=--write` puts the table into
README.md and docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable

REPO = Path(__file__).resolve().parent.parent
BIN = REPO / ".venv" / "bin"
SERVICE = "bench"
MARKS = ("<!-- bench: made by `make bench ARGS=--write` -->", "<!-- /bench -->")


@dataclass(frozen=True)
class Bench:
    """A generated service and the environment of all commands."""

    root: Path
    env: dict[str, str]
    rounds: int

    def call(self, *argv: str, **extra: str) -> None:
        """Run a command; its output is shown only when it fails."""
        done = subprocess.run(argv, cwd=self.root, env={**self.env, **extra}, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")

    def compose(self, *words: str) -> None:
        """The plain engine on the same file, project and variables."""
        env_file = ["--env-file", ".dev/local/main.env"]
        self.call("docker", "compose", "-p", f"main-{SERVICE}", "-f", "compose.yaml", *env_file, *words)

    def up(self, engine: str) -> None:
        """Our command."""
        self.call(".dev/run", "dev.up", DEV_ENGINE=engine)

    def down(self, engine: str) -> None:
        """Stop, data kept."""
        self.call(".dev/run", "dev.down", DEV_ENGINE=engine)

    def destroy(self, engine: str) -> None:
        """Remove, data included; images are built again from the engine's cache by the next start."""
        self.call(".dev/run", "dev.destroy", "--yes", DEV_ENGINE=engine)

    def median(self, before: Callable[[], None], timed: Callable[[], None]) -> float:
        """Seconds of `timed`, each time after `before`."""
        times = []
        for _ in range(self.rounds):
            before()
            start = time.monotonic()
            timed()
            times.append(time.monotonic() - start)
        return statistics.median(times)


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3, help="runs of each figure; the median is shown")
    arguments.add_argument("--write", action="store_true", help="write the table into README.md and docs/benchmarks.md")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = prepare(Path(scratch), given.rounds)
        lines = [*table(bench), "", *overheads(bench)]
    text = "\n".join(lines)
    print(text)
    if given.write:
        write(text)


def prepare(scratch: Path, rounds: int) -> Bench:
    """A generated Django service with its tool environment made."""
    answers = [f"service={SERVICE}", f"port={free_port()}"]
    bake = [str(BIN / "cookiecutter"), str(REPO), "--no-input", "-o", str(scratch), *answers]
    subprocess.run(bake, check=True, capture_output=True)
    env = {**os.environ, "XDG_STATE_HOME": str(scratch / "state"), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    bench = Bench(scratch / SERVICE, env, rounds)
    bench.call(".dev/run", "--list")
    return bench


def table(bench: Bench) -> list[str]:
    """The start of the service in three states, on each engine that is here."""
    rows = [
        "| `dev.up` until healthy, s | plain Compose | `dev.up` in containers | ratio | `dev.up` natively |",
        "|---|---|---|---|---|",
    ]
    native = measure(bench, "native") if supports(bench, "native") else {}
    ours = measure(bench, "compose") if has_docker() else {}
    plain = measure_plain(bench) if has_docker() else {}
    for state in STATES:
        ratio = f"{ours[state] / plain[state]:.2f}" if ours else "-"
        cells = [f"{times[state]:.1f}" if times else "-" for times in (plain, ours)]
        rows.append(f"| {STATES[state]} | {cells[0]} | {cells[1]} | {ratio} | {show(native, state)} |")
    memory = [f"{found['memory']:.0f}" if found else "-" for found in (ours, native)]
    return [*rows, f"| memory of app and database, MB | | {memory[0]} | | {memory[1]} |"]


STATES = {
    "cold": "cold: no data yet (`dev.up` also migrates and seeds; so does the plain column, by hand)",
    "warm": "warm: stopped before",
    "noop": "no-op: all is up",
}


def show(times: dict[str, float], state: str) -> str:
    """A cell of a column that may not have been measured."""
    return f"{times[state]:.1f}" if times else "-"


def measure(bench: Bench, engine: str) -> dict[str, float]:
    """Our three states, and the memory in MB at the end."""
    bench.up(engine)
    cold = bench.median(lambda: bench.destroy(engine), lambda: bench.up(engine))
    warm = bench.median(lambda: bench.down(engine), lambda: bench.up(engine))
    noop = bench.median(lambda: None, lambda: bench.up(engine))
    env = {**bench.env, "DEV_ENGINE": engine}
    status = subprocess.run([".dev/run", "dev.status", "--json"], cwd=bench.root, env=env, capture_output=True)
    memory = json.loads(status.stdout)["memory"] / 2**20
    bench.destroy(engine)
    return {"cold": cold, "warm": warm, "noop": noop, "memory": memory}


def measure_plain(bench: Bench) -> dict[str, float]:
    """The same three states with docker compose alone; migrate and seed typed by hand in the cold one."""
    bench.up("compose")  # the same image, network and variables

    def remove() -> None:
        bench.compose("down", "--volumes", "--rmi", "local")

    def start() -> None:
        bench.compose("up", "-d", "--wait")

    def by_hand() -> None:
        start()
        bench.compose("exec", "-T", "app", "python", "manage.py", "migrate", "--noinput")
        bench.compose("exec", "-T", "app", "python", "manage.py", "seed", "default")

    cold = bench.median(remove, by_hand)
    warm = bench.median(lambda: bench.compose("stop"), start)
    noop = bench.median(lambda: None, start)
    bench.destroy("compose")
    return {"cold": cold, "warm": warm, "noop": noop}


def overheads(bench: Bench) -> list[str]:
    """Seconds from the command to its first engine call, by door, with a stand-in that notes the time."""
    stub = bench.root.parent / "stub"
    stub.mkdir()
    script = stub / "docker"
    script.write_text(f'#!/bin/sh\n[ -e "{stub}/at" ] || date +%s.%N > "{stub}/at"\nexit 1\n')
    script.chmod(0o755)
    path = f"{stub}{os.pathsep}{bench.env['PATH']}"
    doors = {".dev/run": [".dev/run", "dev.plan"], "make": ["make", "-s", "dev.plan"], "inv": ["inv", "dev.plan"]}
    rows = ["| until the first engine call | s |", "|---|---|"]
    for door, argv in doors.items():
        times = [first_call(bench, argv, path, stub / "at") for _ in range(3 * bench.rounds)]
        rows.append(f"| `{door}` | {statistics.median(times):.2f} |")
    return rows


def first_call(bench: Bench, argv: list[str], path: str, note: Path) -> float:
    """Seconds from start to the first call of the stand-in."""
    note.unlink(missing_ok=True)
    start = time.time()
    env = {**bench.env, "PATH": path, "DEV_ENGINE": "compose"}
    subprocess.run(argv, cwd=bench.root, env=env, capture_output=True)
    return float(note.read_text()) - start


def supports(bench: Bench, engine: str) -> bool:
    """Whether the vendored code knows an engine."""
    done = subprocess.run(
        [".dev/run", "dev.plan"], cwd=bench.root, env={**bench.env, "DEV_ENGINE": engine}, capture_output=True
    )
    return done.returncode == 0


def has_docker() -> bool:
    """Whether a container engine answers."""
    return bool(shutil.which("docker")) and subprocess.run(["docker", "info"], capture_output=True).returncode == 0


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write(text: str) -> None:
    """Put the table between the marks in README.md, and on a page of its own with date and machine."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    said = f"Medians of one run on {datetime.now(timezone.utc).date()}, {machine}. Again: `make bench ARGS=--write`."
    readme = REPO / "README.md"
    before, _, rest = readme.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    readme.write_text(f"{before}{MARKS[0]}\n{text}\n\n{said}\n{MARKS[1]}{after}")
    (REPO / "docs" / "benchmarks.md").write_text(f"# Benchmarks\n\n{said}\n\n{text}\n")


if __name__ == "__main__":
    main()
