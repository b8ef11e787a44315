"""`make bench`: our commands beside the plain engine, in the same run, as ratios of medians.

Absolute times say more about the machine than about us, so nothing here is a test. `ARGS=--write` puts the tables into
README.md and docs/benchmarks.md, `ARGS="--only stack"` measures one part alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from tools.bench import doors, peers, rebuild, stacks, starts
from tools.bench.service import REPO

PARTS = {
    "start": starts.table,
    "rebuild": rebuild.table,
    "stack": stacks.table,
    "doors": doors.table,
    "peers": peers.table,
}
SHORT = ("start", "stack")  # what README.md shows
MARKS = ("<!-- bench: made by `make bench ARGS=--write` -->", "<!-- /bench -->")


def main() -> None:
    """Measure and print the tables."""
    given = arguments()
    tables: dict[str, str] = {}
    for part in given.only or PARTS:
        with tempfile.TemporaryDirectory() as scratch:
            tables[part] = "\n".join(PARTS[part](Path(scratch), given.rounds))
        print(tables[part], end="\n\n", flush=True)
    if given.write:
        write(tables)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each figure; the median is shown")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be repeated")
    parser.add_argument("--write", action="store_true", help="put what was measured into README.md and docs/")
    return parser.parse_args()


def write(tables: dict[str, str]) -> None:
    """The short ones between the marks in README.md, all on a page of their own, with date and machine."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    said = f"Medians of one run on {datetime.now(timezone.utc).date()}, {machine}. Again: `make bench ARGS=--write`."
    readme = REPO / "README.md"
    before, _, rest = readme.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    short = "\n\n".join(tables[part] for part in SHORT if part in tables)
    readme.write_text(f"{before}{MARKS[0]}\n{short}\n\n{said}\n{MARKS[1]}{after}")
    everything = "\n\n".join(tables.values())
    (REPO / "docs" / "benchmarks.md").write_text(f"# Benchmarks\n\n{said}\n\n{everything}\n")


if __name__ == "__main__":
    main()
