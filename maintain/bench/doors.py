"""The start-up time of `make`, `inv` and `.dev/run`: from the command to its first engine call."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from maintain.bench.service import Service, bake

DOORS = {".dev/run": [".dev/run", "dev.plan"], "make": ["make", "-s", "dev.plan"], "inv": ["inv", "dev.plan"]}


def table(scratch: Path, rounds: int) -> list[str]:
    """Seconds by door, with a fake engine that records the time."""
    service = bake(scratch, "bench-doors", rounds)
    stub = scratch / "stub"
    stub.mkdir()
    script = stub / "docker"
    script.write_text(f'#!/bin/sh\n[ -e "{stub}/at" ] || date +%s.%N > "{stub}/at"\nexit 1\n')
    script.chmod(0o755)
    stubbed = service.on("compose", PATH=f"{stub}{os.pathsep}{service.env['PATH']}")
    rows = ["| until the first engine call | s (`.dev/run` at most 0.25) |", "|---|---|"]
    for door, argv in DOORS.items():
        times = [first_call(stubbed, argv, stub / "at") for _ in range(3 * rounds)]
        rows.append(f"| `{door}` | {statistics.median(times):.2f} |")
    return rows


def first_call(service: Service, argv: list[str], note: Path) -> float:
    """Seconds from start to the first call of the fake engine, which then fails."""
    note.unlink(missing_ok=True)
    start = time.time()
    done = subprocess.run(argv, cwd=service.root, env=service.env, capture_output=True, text=True)
    if not note.exists():
        sys.exit(f"{' '.join(argv)} never called the engine: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return float(note.read_text()) - start
