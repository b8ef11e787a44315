"""`dev.up` after a change: of a dependency, which has to be installed, and of the source, which is live as it is."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from maintain.bench.service import BIN, Service, bake, engines

MANIFESTS = ("pyproject.toml", "uv.lock")
SMALL = "idna"  # without dependencies of its own, so that what is measured is ours
HEAD = ["| `dev.up` after a change, s | engine | ours | at most |", "|---|---|---|---|"]


def table(scratch: Path, rounds: int) -> list[str]:
    """Seconds until healthy on each engine that is here."""
    service = bake(scratch, "bench-rebuild", rounds)
    return [*HEAD, *(line for engine in engines(service) for line in measure(service.on(engine), engine))]


def measure(service: Service, engine: str) -> list[str]:
    """The package is in the caches of uv before anything is timed, as it is for whoever added it."""
    without = [(service.root / name).read_text() for name in MANIFESTS]
    service.call(str(BIN / "uv"), "add", "--quiet", "--no-sync", SMALL)
    added = [(service.root / name).read_text() for name in MANIFESTS]
    up = partial(service.dev, "dev.up")
    up()
    write(service, without)
    up()
    seconds = service.median(partial(alternate, service, without, added), up)
    source = service.median(partial(edit, service), up)
    service.destroy()
    write(service, without)
    return [
        f"| another dependency | {engine} | {seconds:.1f} | 10 |",
        f"| the source edited: nothing to do, so that of a no-op | {engine} | {source:.1f} | |",
    ]


def write(service: Service, texts: list[str]) -> None:
    """Put these manifests there."""
    for name, text in zip(MANIFESTS, texts, strict=True):
        (service.root / name).write_text(text)


def alternate(service: Service, without: list[str], added: list[str]) -> None:
    """The change, one way and then back, each with a line of its own so that no layer is in the engine's cache."""
    now = (service.root / "uv.lock").read_text()
    write(service, without if SMALL in now else added)
    with (service.root / "pyproject.toml").open("a") as file:
        file.write(f"# {time.monotonic_ns()}\n")


def edit(service: Service) -> None:
    """A line more in a module."""
    with (service.root / "courses" / "views.py").open("a") as file:
        file.write("# edited\n")
