"""`dev.up` of one service beside plain Compose, in three states."""

from __future__ import annotations

from pathlib import Path

from tools.bench.service import Service, bake, engines

STATES = {
    "cold": "cold: no data yet (`dev.up` also migrates and seeds; so does the plain column, by hand)",
    "warm": "warm: stopped before",
    "noop": "no-op: all is up",
}


def table(scratch: Path, rounds: int) -> list[str]:
    """The start of a service on each engine that is here."""
    service = bake(scratch, "bench", rounds)
    found = {engine: measure(service.on(engine)) for engine in engines(service)}
    native, ours = found.get("native", {}), found.get("compose", {})
    plain = measure_plain(service.on("compose")) if ours else {}
    rows = [
        "| `dev.up` until healthy, s | plain Compose | `dev.up` in containers | ratio | `dev.up` natively |",
        "|---|---|---|---|---|",
    ]
    for state, words in STATES.items():
        ratio = f"{ours[state] / plain[state]:.2f}" if ours else "-"
        rows.append(f"| {words} | {show(plain, state)} | {show(ours, state)} | {ratio} | {show(native, state)} |")
    return [*rows, f"| memory of app and database, MB | | {show(ours, 'memory')} | | {show(native, 'memory')} |"]


def show(figures: dict[str, float], key: str) -> str:
    """A cell of a column that may not have been measured."""
    return f"{figures[key]:.{0 if key == 'memory' else 1}f}" if figures else "-"


def measure(service: Service) -> dict[str, float]:
    """Our three states in seconds, and the memory in MB at the end."""

    def up() -> None:
        service.dev("dev.up")

    up()
    cold = service.median(service.destroy, up)
    warm = service.median(lambda: service.dev("dev.down"), up)
    noop = service.median(lambda: None, up)
    memory = service.status()["memory"] / 2**20
    service.destroy()
    return {"cold": cold, "warm": warm, "noop": noop, "memory": memory}


def measure_plain(service: Service) -> dict[str, float]:
    """The same three states with docker compose alone; migrate and seed typed by hand in the cold one."""
    service.dev("dev.up")  # the same image, network and variables

    def start() -> None:
        service.compose("up", "-d", "--wait")

    def by_hand() -> None:
        start()
        service.compose("exec", "-T", "app", "python", "manage.py", "migrate", "--noinput")
        service.compose("exec", "-T", "app", "python", "manage.py", "seed", "default")

    cold = service.median(lambda: service.compose("down", "--volumes", "--rmi", "local"), by_hand)
    warm = service.median(lambda: service.compose("stop"), start)
    noop = service.median(lambda: None, start)
    service.destroy()
    return {"cold": cold, "warm": warm, "noop": noop}
