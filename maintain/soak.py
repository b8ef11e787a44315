"""`make soak`: weeks of use in cycles, and a count of everything after each: what grows without bound fails.

A cycle is what people do in a day: an edit, a rebuild, a branch with a migration and back, a snapshot, a reset, the
tests, `dev.down` and `dev.up`. States of branches are data, which nobody removes unasked: they may grow as long as
`dev.state list` names each, and the last row shows what `dev.state prune --all` leaves of them.

    make soak ARGS="--cycles 200 --engine native"
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from maintain import signals
from maintain.bench import loop
from maintain.bench.service import ENGINES, Service, bake

NAME = "soak"
GIT = ("git", "-c", "user.name=soak", "-c", "user.email=soak@example.org")
VIEW, LOCK, MIGRATIONS = "courses/views.py", "uv.lock", "courses/migrations"
MIGRATION = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("courses", "{before}")]
    operations = [migrations.RunSQL("CREATE TABLE soak_{number} (id int)", "DROP TABLE soak_{number}")]
"""
MB = 2**20
LEAST = 6  # cycles
SLACK = 0.02  # of a number of bytes: what compression and time stamps change
DATABASES = "SELECT count(*) FROM pg_database WHERE NOT datistemplate"


class Counted(NamedTuple):
    """One thing that is counted."""

    title: str
    measure: Callable[[Service], float]
    engines: tuple[str, ...] = ENGINES
    is_data: bool = False  # it grows with the states, each of which `dev.state list` names
    slack: float = 0.0  # how much more is still the same


def main() -> None:
    """Run the cycles, print the table, and fail if something grew."""
    given = arguments()
    signals.clean_up_at_sigterm()
    with tempfile.TemporaryDirectory() as scratch:
        service = prepared(Path(scratch)).on(given.engine)
        try:
            found = [measured(service, number) for number in cycles(service, given.cycles)]
            service.dev("dev.state", "prune", "--all", "--yes")
            left = counts(service)
        finally:
            service.destroy()
    print("\n".join(table(found, left)))
    grown = growing(found, left)
    if grown:
        sys.exit(f"grows without bound: {', '.join(grown)}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=LEAST, help=f"at least {LEAST}; each takes about half a minute")
    parser.add_argument("--engine", choices=ENGINES, default="native")
    given = parser.parse_args()
    if given.cycles < LEAST:
        parser.error(f"--cycles {given.cycles}: at least {LEAST}, to see what grows")
    return given


def prepared(scratch: Path) -> Service:
    """A service with all files committed."""
    service = bake(scratch, NAME, 1, cache="redis", worker="queue")
    temporaries = scratch / "tmp"
    temporaries.mkdir()
    service = replace(service, env={**service.env, "TMPDIR": str(temporaries)})
    service.call(*GIT, "init", "--quiet", "--initial-branch", "main")
    commit(service, "the service")
    return service


def commit(service: Service, words: str) -> None:
    service.call(*GIT, "add", "--all")
    service.call(*GIT, "commit", "--quiet", "--message", words)


# ---- a cycle


def cycles(service: Service, wanted: int) -> Iterator[int]:
    """Do the cycles, and yield the number of each after it. The first `dev.up` is not one of them."""
    service.dev("dev.up")
    for number in range(wanted):
        for act in (edit, rebuild, branch, snapshot, reset, tests, down_and_up):
            act(service, number)
        yield number


def edit(service: Service, number: int) -> None:
    """Another version of the code, which the app loads."""
    file = service.root / VIEW
    file.write_text(f"{file.read_text().partition('# soak')[0]}# soak {number}\n")
    url = service.status()["url"]
    end = time.monotonic() + 60
    while not loop.page(url):
        if time.monotonic() > end:
            sys.exit(f"{url} does not answer after an edit")


def rebuild(service: Service, number: int) -> None:
    """Another lock file, so another image or environment: none is like an earlier one."""
    file = service.root / LOCK
    file.write_text(f"{file.read_text().partition('# soak')[0]}# soak {number}\n")
    commit(service, f"lock {number}")
    service.dev("dev.up")


def branch(service: Service, number: int) -> None:
    """A branch with its own migration, its `dev.up`, back to main, and the branch is deleted."""
    folder = service.root / MIGRATIONS
    before = max(path.stem for path in folder.glob("0*.py"))
    service.call(*GIT, "switch", "--quiet", "--create", f"topic-{number}")
    (folder / f"0999_soak_{number}.py").write_text(MIGRATION.format(before=before, number=number))
    commit(service, f"topic {number}")
    service.dev("dev.up")
    service.call(*GIT, "switch", "--quiet", "main")
    service.call(*GIT, "branch", "--quiet", "--delete", "--force", f"topic-{number}")
    service.dev("dev.up")


def snapshot(service: Service, _number: int) -> None:
    service.dev("dev.snapshot", "kept", "--replace", "--json")


def reset(service: Service, _number: int) -> None:
    service.dev("dev.reset")


def tests(service: Service, _number: int) -> None:
    service.dev("dev.test")


def down_and_up(service: Service, _number: int) -> None:
    service.dev("dev.down")
    service.dev("dev.up", "--json")


# ---- what is counted


def counts(service: Service) -> dict[str, float]:
    """Everything that is counted on this engine, as it is now."""
    return {each.title: each.measure(service) for each in COUNTED if service.env["DEV_ENGINE"] in each.engines}


def measured(service: Service, number: int) -> dict[str, float]:
    """The same, and a line that says how far the run is."""
    found = counts(service)
    print(f"cycle {number + 1}: " + ", ".join(f"{name} {shown(value)}" for name, value in found.items()), flush=True)
    return found


def ids(kind: str, service: Service) -> list[str]:
    """The ids of all containers, images, volumes or networks of the service, also of those without a name."""
    every = ["--all"] if kind in ("container", "image") else []
    label = f"label=com.docker.compose.project={service.project}"
    return sorted(set(service.call("docker", kind, "ls", "--quiet", *every, "--filter", label).split()))


def containers_logs(service: Service) -> float:
    """MB of the files that Docker keeps of what they logged."""
    paths = service.call("docker", "inspect", "--format", "{{.LogPath}}", *ids("container", service)).split()
    return sum(size(file) for path in paths for file in Path(path).parent.glob(f"{Path(path).name}*")) / MB


def processes(service: Service) -> float:
    """The processes of all units, or of all containers."""
    if service.env["DEV_ENGINE"] == "compose":
        running = service.call("docker", "ps", "--quiet", "--filter", f"name={service.project}-").split()
        return sum(len(service.call("docker", "top", each).splitlines()) - 1 for each in running)
    folder = str(home(service))
    return sum(loop.mark(path).startswith(folder) for path in Path("/proc").glob("[0-9]*"))


def home(service: Service) -> Path:
    return Path(service.env["XDG_STATE_HOME"])


def files(*roots: Path) -> list[Path]:
    return [path for root in roots for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it is gone meanwhile
        return 0


def is_data(path: Path) -> bool:
    """Whether it is a file of a database server, or the dump of a state."""
    return "postgres" in path.parts or "states" in path.parts


def kept(service: Service) -> list[Path]:
    """Our own files in the folder of state."""
    return [path for path in files(home(service)) if not is_data(path)]


def megabytes(paths: Sequence[Path]) -> float:
    return sum(map(size, paths)) / MB


def local(service: Service) -> list[Path]:
    return files(service.root / ".dev" / "local")


def cache(service: Service) -> list[Path]:
    return files(Path(service.env["XDG_CACHE_HOME"]))


def databases(service: Service) -> float:
    return float(service.dev("dev.dbshell", "--", "-qAtX", "-d", "postgres", "-c", DATABASES))


def states(service: Service) -> float:
    return len(json.loads(service.dev("dev.state", "list", "--json")))


def data(service: Service) -> float:
    """MB of the server's folder, if it is on this machine, and of all dumps."""
    return megabytes([path for path in files(home(service)) if is_data(path)])


def temporary(service: Service) -> float:
    """What is in the folder for temporary files, which no other program uses."""
    return len(os.listdir(service.env["TMPDIR"]))


COMPOSE, NATIVE = ("compose",), ("native",)
COUNTED = (
    Counted("containers", lambda service: len(ids("container", service)), COMPOSE),
    Counted("images", lambda service: len(ids("image", service)), COMPOSE),
    Counted("volumes", lambda service: len(ids("volume", service)), COMPOSE),
    Counted("networks", lambda service: len(ids("network", service)), COMPOSE),
    Counted("logs of containers, MB", containers_logs, COMPOSE, slack=20),  # that is where they end
    Counted("processes", processes, slack=2),  # servers have helpers that come and go
    Counted("files in .dev/local", lambda service: len(local(service)), slack=5),
    Counted("MB in .dev/local", lambda service: megabytes(local(service)), slack=5),
    Counted("our files of state", lambda service: len(kept(service)), slack=5),
    Counted("MB of our files of state", lambda service: megabytes(kept(service)), slack=20),  # logs end at 10 MB
    Counted("files in the cache", lambda service: len(cache(service)), slack=5),
    Counted("MB in the cache", lambda service: megabytes(cache(service)), slack=5),
    Counted("temporary files", temporary, slack=5),
    Counted("states of `dev.state list`", states, is_data=True),
    Counted("databases on the server", databases, is_data=True),
    Counted("MB of data and dumps", data, is_data=True),
)


# ---- the verdict


def growing(found: Sequence[dict[str, float]], left: dict[str, float]) -> list[str]:
    """What grew in both of the last thirds of the run, and is not data; and data that no state names, or prune leaves.

    What fills up to a limit grows at first. What leaks grows until the end.
    """
    first, middle, last = thirds(found)
    wrong = []
    for each in COUNTED:
        if each.title not in last or each.is_data:
            continue
        room = each.slack + SLACK * middle[each.title]
        steps = last[each.title] - middle[each.title], middle[each.title] - first[each.title]
        if min(steps) > 0 and sum(steps) > room:
            wrong.append(f"{each.title} ({shown(first[each.title])} to {shown(last[each.title])})")
    unnamed = [now["databases on the server"] - now["states of `dev.state list`"] for now in (first, last)]
    if unnamed[1] > unnamed[0]:
        wrong.append("databases that `dev.state list` does not name")
    if left["databases on the server"] > found[0]["databases on the server"]:
        wrong.append("databases that `dev.state prune --all` leaves")
    return wrong


def thirds(found: Sequence[dict[str, float]]) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """After a third, after two thirds, at the end."""
    return found[len(found) // 3], found[2 * len(found) // 3], found[-1]


def shown(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"


def table(found: Sequence[dict[str, float]], left: dict[str, float]) -> list[str]:
    """The rows of the page."""
    middle = len(found) // 2
    head = f"| after cycle | 1 | {middle + 1} | {len(found)} | `dev.state prune --all` |"
    rows = [[shown(each[title]) for each in (found[0], found[middle], found[-1], left)] for title in left]
    return [head, "|---|---|---|---|---|", *(f"| {title} | {' | '.join(row)} |" for title, row in zip(left, rows))]


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
