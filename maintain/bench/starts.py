"""`dev.up` of one service compared with plain Compose, in three states; natively also with nothing cached."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from maintain.bench.service import Service, bake, engines

STATES = {
    "nothing": "nothing cached: a new clone, python3 alone; everything is fetched (one run)",
    "cold": "cold: no data yet, so migrated and seeded too (in the plain column by hand)",
    "warm": "warm: stopped before",
    "noop": "no-op: all is up",
}
CACHES = ("XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR")


def table(scratch: Path, rounds: int) -> list[str]:
    """The start of a service on each engine that is here."""
    service = bake(scratch, "bench", rounds)
    found = {engine: measure(service.on(engine)) for engine in engines(service)}
    if "native" in found:
        found["native"]["nothing"] = measure_nothing_cached(service.on("native"))
    native, ours = found.get("native", {}), found.get("compose", {})
    plain = measure_plain(service.on("compose")) if ours else {}
    rows = [
        "| `dev.up` until healthy, s | plain Compose | ours | of plain (at most) | natively | of ours (at most) |",
        "|---|---|---|---|---|---|",
    ]
    for state, words in STATES.items():
        of_plain = ratio(ours, plain, state, {"cold": "1.25", "warm": "1.15", "noop": "0.6"})
        of_ours = ratio(native, ours, state, {"warm": "0.7"})
        figures = f"{show(plain, state)} | {show(ours, state)} | {of_plain} | {show(native, state)} | {of_ours}"
        rows.append(f"| {words} | {figures} |")
    used = f"{show(ours, 'memory')} | | {show(native, 'memory')} | |"
    return [*rows, f"| memory of app and database, MB (at most 256) | | {used}"]


def ratio(one: dict[str, float], other: dict[str, float], state: str, at_most: dict[str, str]) -> str:
    """A cell with two columns' ratio, and its target where it has one."""
    if state not in one or state not in other:
        return "-"
    limit = f" ({at_most[state]})" if state in at_most else ""
    return f"{one[state] / other[state]:.2f}{limit}"


def show(figures: dict[str, float], key: str) -> str:
    """A cell of a column that may not have been measured."""
    return f"{figures[key]:.{0 if key == 'memory' else 1}f}" if key in figures else "-"


def measure(service: Service) -> dict[str, float]:
    """Our three states in seconds, and the memory in MB at the end."""

    def up() -> None:
        service.dev("dev.up")

    up()
    cold = service.median(service.destroy, up)
    warm = service.median(lambda: service.dev("dev.down"), up)
    noop = service.median(lambda: None, up)
    memory = service.memory()
    service.destroy()
    return {"cold": cold, "warm": warm, "noop": noop, "memory": memory}


def measure_nothing_cached(service: Service) -> float:
    """Seconds of the first dev.up in a new clone by someone who has no cache, and none of our programs on the path."""
    caches = {name: str(service.root.parent / f"empty-{name}") for name in CACHES}
    new = replace(service.on("native", PATH=os.environ["PATH"], **caches), rounds=1)
    seconds = new.median(lambda: shutil.rmtree(new.root / ".dev" / "local"), lambda: new.dev("dev.up"))
    new.destroy()
    return seconds


def measure_plain(service: Service) -> dict[str, float]:
    """The same three states with docker compose alone; migrate and seed typed by hand in the cold one."""
    service.dev("dev.up")  # the same image, network and variables

    def start() -> None:
        service.plain("up", "-d", "--wait")

    def by_hand() -> None:
        start()
        service.plain("exec", "-T", "app", "python", "manage.py", "migrate", "--noinput")
        service.plain("exec", "-T", "app", "python", "manage.py", "seed", "default")

    cold = service.median(lambda: service.plain("down", "--volumes", "--rmi", "local"), by_hand)
    warm = service.median(lambda: service.plain("stop"), start)
    noop = service.median(lambda: None, start)
    service.destroy()
    return {"cold": cold, "warm": warm, "noop": noop}
