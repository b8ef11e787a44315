"""The applications of examples/: what their owners had to write, and their `dev.up` on each engine."""

from __future__ import annotations

import contextlib
import difflib
import shutil
import sys
from pathlib import Path

from maintain import stack
from maintain.bench.service import REPO, Service, bake, engines, environment
from maintain.bench.starts import measure, show

PORTS = {"wagtail": 18170, "pretalx": 18191, "unleash": 18190}
WORKSPACE = "bench"  # not main, whose ports are the declared ones
SHARED = ("dev.yaml", "compose.yaml", "Dockerfile")  # of the stack bare, with places to complete
LEFTOVERS = shutil.ignore_patterns("node_modules", ".venv", "data", "media", "__pycache__", ".*_cache")
LOCKS = ("uv.lock", "package-lock.json", "dev.lock")
HEAD = [
    f"| example | open points | own lines: {', '.join(SHARED)}; others | engine | cold, s | warm | no-op | MB |",
    "|---|---|---|---|---|---|---|---|",
]


def table(scratch: Path, rounds: int) -> list[str]:
    """A row for each example and engine."""
    rows = [row for name in PORTS for row in application(scratch, name, rounds)]
    return [*HEAD, *rows, *pair(scratch, rounds)]


def application(scratch: Path, name: str, rounds: int) -> list[str]:
    """One of them, laid over a fresh tree of the stack bare."""
    service = bake(scratch, name, rounds, stack="bare", port=PORTS[name])
    words = f"[{name}]({name}/) | {' | '.join(map(str, completed(REPO / 'examples' / name, service.root)))}"
    shutil.copytree(REPO / "examples" / name, service.root, dirs_exist_ok=True, ignore=LEFTOVERS)
    return starts(service, words)


def pair(scratch: Path, rounds: int) -> list[str]:
    """Two services of examples/stack, as `make demo` has them; the lines are on the page of that example."""
    with contextlib.redirect_stdout(sys.stderr):
        stack.make(scratch)
    shop = Service(scratch / "shop", "shop", rounds, environment(scratch))
    return starts(shop, "[stack](stack/): shop, with the lms that it requires | | ")


def starts(service: Service, words: str) -> list[str]:
    """A row for each engine that is here."""
    rows = []
    for engine in engines(service):
        found = measure(service.on(engine, DEV_WORKSPACE=WORKSPACE))
        figures = " | ".join(show(found, key) for key in ("cold", "warm", "noop", "memory"))
        rows.append(f"| {words} | {engine} | {figures} |")
        print(rows[-1], file=sys.stderr, flush=True)  # progress, since it takes long
    return rows


def completed(example: Path, plain: Path) -> tuple[int, str]:
    """How many places were to be completed, and in how many lines that was done: of those files, and of others."""
    places = sum((plain / name).read_text().count("FILL IN:") for name in SHARED)
    own = ", ".join(f"{added(plain / name, example / name)}" for name in SHARED)
    files = [path for path in example.rglob("*") if path.is_file() and path.name not in (*SHARED, *LOCKS)]
    ignored = {path for path in files if LEFTOVERS("", list(path.relative_to(example).parts))}
    return places, f"{own}; {sum(lines(path) for path in files if path not in ignored)}"


def added(plain: Path, example: Path) -> int:
    """Lines of a file that the template did not give."""
    changes = difflib.ndiff(plain.read_text().splitlines(), example.read_text().splitlines())
    return sum(line.startswith("+ ") for line in changes)


def lines(path: Path) -> int:
    """As `wc -l` counts them."""
    return path.read_bytes().count(b"\n")
