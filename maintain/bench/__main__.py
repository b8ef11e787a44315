"""`make bench`: our commands compared with the plain engine, in the same run, as ratios of medians.

Absolute times depend on the machine more than on the code, so nothing here is a test. `ARGS=--write` puts the tables
into docs/benchmarks.md, `ARGS="--only stack"` measures one part. `ARGS="--only examples --write"` writes into
examples/README.md; it takes a quarter of an hour, so no other call includes it.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from maintain.bench import doors, examples, launcher, loop, peers, rebuild, stacks, starts, states
from maintain.bench.service import REPO

PARTS = {
    "start": starts.table,
    "rebuild": rebuild.table,
    "loop": loop.table,
    "stack": stacks.table,
    "states": states.table,
    "doors": doors.table,
    "launcher": launcher.table,
    "peers": peers.table,
    "examples": examples.table,
}
ALWAYS = ("start", "rebuild", "loop", "stack", "states", "doors", "launcher", "peers")
MARKS = ("<!-- bench: made by `make bench ARGS={}` -->", "<!-- /bench -->")
EXAMPLES = '"--only examples --write"'


def main() -> None:
    """Measure and print the tables."""
    given = arguments()
    tables: dict[str, str] = {}
    for part in given.only or ALWAYS:
        with tempfile.TemporaryDirectory() as scratch:
            measure = partial(loop.table, only=given.stack) if part == "loop" and given.stack else PARTS[part]
            tables[part] = "\n".join(measure(Path(scratch), given.rounds))
        print(tables[part], end="\n\n", flush=True)
    if given.write:
        write(tables)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each figure; the median is shown")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be repeated")
    parser.add_argument("--stack", action="append", choices=loop.STACKS, help="this stack alone, of the daily loop")
    pages = "docs/benchmarks.md, those of the examples into examples/README.md"
    parser.add_argument("--write", action="store_true", help=f"write the tables into {pages}")
    return parser.parse_args()


def write(tables: dict[str, str]) -> None:
    """Put the table of the examples into their page, and all others into docs/benchmarks.md."""
    others = dict(tables)
    if "examples" in others:
        between_marks(REPO / "examples" / "README.md", EXAMPLES, others.pop("examples"))
    if others:
        between_marks(REPO / "docs" / "benchmarks.md", "--write", "\n\n".join(others.values()))


def between_marks(page: Path, args: str, text: str) -> None:
    """Replace the text between the marks of a page."""
    first, last = MARKS[0].format(args), MARKS[1]
    before, _, rest = page.read_text().partition(first)
    after = rest.partition(last)[2]
    page.write_text(f"{before}{first}\n{text}\n\n{said(args)}\n{last}{after}")


def said(args: str) -> str:
    """When and where it was measured, and how to repeat it."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    day = datetime.now(timezone.utc).date()
    return f"Medians of one run on {day}, {machine}. Again: `make bench ARGS={args}`."


if __name__ == "__main__":
    main()
