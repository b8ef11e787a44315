"""Data states of a real application, compared with getting the same rows by migrations and seed."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

from maintain.bench.examples import LEFTOVERS, PORTS
from maintain.bench.service import REPO, Service, bake, engines

NAME = "wagtail"  # 184 migrations
HEAD = [
    f"| data of examples/{NAME}, s | engine | compared with | ours | times as fast | at least |",
    "|---|---|---|---|---|---|",
]
BALLAST = "CREATE TABLE ballast AS SELECT n, repeat(md5(n::text), 30) AS words FROM generate_series(1, 190000) AS n"
MIGRATION = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("blog", "0001_initial")]
    operations = [migrations.RunSQL("CREATE TABLE bench (id int)", "DROP TABLE bench")]
"""
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.org")


def table(scratch: Path, rounds: int) -> list[str]:
    """Rows for each engine that is here."""
    service = bake(scratch, NAME, rounds, stack="bare", port=PORTS[NAME])
    shutil.copytree(REPO / "examples" / NAME, service.root, dirs_exist_ok=True, ignore=LEFTOVERS)
    branches(service)
    return [*HEAD, *(row for engine in engines(service) for row in measure(service.on(engine), engine))]


def branches(service: Service) -> None:
    """Make `main`, and `feature` with another migration."""
    service.call(*GIT, "init", "--quiet", "--initial-branch", "main")
    service.call(*GIT, "add", "--all")
    service.call(*GIT, "commit", "--quiet", "--message", "main")
    service.call(*GIT, "switch", "--quiet", "--create", "feature")
    (service.root / "blog" / "migrations" / "0002_bench.py").write_text(MIGRATION)
    service.call(*GIT, "add", "--all")
    service.call(*GIT, "commit", "--quiet", "--message", "feature")
    service.call(*GIT, "switch", "--quiet", "main")


def measure(service: Service, engine: str) -> list[str]:
    """All figures on one engine."""
    service.dev("dev.up")
    by_hand = service.median(partial(empty, service), partial(migrate_and_seed, service))
    service.dev("dev.reset")
    reset = service.median(lambda: None, lambda: service.dev("dev.reset"))
    switch = switching(service)
    plain, ours, size = snapshots(service)
    rows = [
        row("`dev.reset`, stored; compared with migrate and seed", engine, by_hand, reset, 20),
        row("`dev.up` on another branch, and back; compared with migrate and seed", engine, by_hand, switch, 10),
        row(f"`dev.snapshot` of {size} MB; compared with `CREATE DATABASE … TEMPLATE`", engine, plain, ours, 0.5),
    ]
    if engine == "compose":
        raw, filled = empty_volume(service)
        words = "`dev.up` on an empty volume, stored; compared with plain Compose without data"
        rows.append(row(words, engine, raw, filled, 0.5))
    rows.append(f"| disk for each state of it, MB | {engine} | | {disk(service)} | | |")
    service.destroy()
    return rows


def row(words: str, engine: str, other: float, ours: float, at_least: float) -> str:
    """A line of the table."""
    return f"| {words} | {engine} | {other:.2f} | {ours:.2f} | {other / ours:.1f} | {at_least:g} |"


def empty(service: Service) -> None:
    """Remove all tables from the live database."""
    sql(service, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def migrate_and_seed(service: Service) -> None:
    """Run the commands of the application's documentation, in its environment."""
    service.dev("dev.run", "--", "python", "manage.py", "migrate", "--noinput")
    service.dev("dev.run", "--", "python", "manage.py", "seed", "default")


def sql(service: Service, *statements: str) -> str:
    """The answer of the database."""
    words = [word for statement in statements for word in ("-c", statement)]
    return service.dev("dev.dbshell", "--", "-qAtX", "-v", "ON_ERROR_STOP=1", *words)


def switching(service: Service) -> float:
    """Seconds of dev.up after a switch, once both branches have had their data."""

    def other() -> None:
        now = service.call("git", "branch", "--show-current").strip()
        service.call("git", "switch", "--quiet", "feature" if now == "main" else "main")

    for _ in range(3):
        other()
        service.dev("dev.up")
    seconds = service.median(other, lambda: service.dev("dev.up"))
    service.call("git", "switch", "--quiet", "main")
    service.dev("dev.up")
    return seconds


def snapshots(service: Service) -> tuple[float, float, int]:
    """Seconds of a plain copy as the server counts them, and of ours in all; MB of the database."""
    sql(service, BALLAST)
    size = int(sql(service, "SELECT pg_database_size(current_database())")) // 2**20
    plain = service.median(partial(remove_copy, service), partial(copy, service))
    ours = service.median(lambda: None, lambda: service.dev("dev.snapshot", "bench", "--replace"))
    remove_copy(service)
    service.dev("dev.reset")
    return plain, ours, size


def remove_copy(service: Service) -> None:
    """Remove the copy, and end the app's sessions, which would prevent a plain copy."""
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'service' AND pid <> pg_backend_pid()"
    )
    sql(service, ended, "DROP DATABASE IF EXISTS bench")


def copy(service: Service) -> None:
    """Copy from the maintenance database: the copied database must not have sessions."""
    words = ["-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", "CREATE DATABASE bench TEMPLATE service"]
    service.dev("dev.dbshell", "--", *words)


def empty_volume(service: Service) -> tuple[float, float]:
    """Seconds until healthy: plain Compose on a new volume, and ours, which fills it."""

    def clear() -> None:
        service.compose("down", "--volumes")

    raw = service.median(clear, lambda: service.plain("up", "-d", "--wait"))
    return raw, service.median(clear, lambda: service.dev("dev.up"))


def disk(service: Service) -> str:
    """Each kind of state with its size."""
    found = json.loads(service.dev("dev.state", "list", "--json"))
    return ", ".join(f"{state['name']} {state['size'] // 2**20}" for state in found if state["kind"] == "built")
