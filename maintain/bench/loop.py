"""The daily loop of each stack with its worker: start, edit, test, rest; compared with the same work by hand."""

from __future__ import annotations

import os
import re
import shlex
import signal
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from maintain.bench.service import Service, bake, engines, free_port

HEAD = [
    "| each day, with database, cache and worker | stack | engine | compared with | ours | ratio (at most) |",
    "|---|---|---|---|---|---|",
]
EDITS = 10
PAUSE = 2.0  # seconds before each of them: people look at the page, and what is prepared for the next edit is ready
QUICK = 30  # edits that follow each other before the first of them can be loaded
SETTLED = 60.0  # seconds after a start: until then, V8 collects garbage, and PostgreSQL vacuums
REST = 60.0  # seconds without any command
GROUPS = [
    f"/sys/fs/cgroup/{place}{group}"
    for place in ("", "cpuacct/")
    for group in ("docker/{id}", "system.slice/docker-{id}.scope")
]
WORKER = re.compile(r"\n  worker:.*?(?=\n  \w+:)", re.DOTALL)


class Stack(NamedTuple):
    """The file that answers `/`, the text in it that is edited, and what people start by hand."""

    file: str
    text: str
    by_hand: str
    test: str


NODE_TEST = "node --test --test-concurrency=1 --test-reporter=spec"  # as in the stack's dev.yaml
STACKS = {
    "django": Stack("courses/views.py", "courses/index.html", "python manage.py runserver 127.0.0.1:{port}", "pytest"),
    "fastapi": Stack("app/pages.py", "index.html", "uvicorn app.main:app --reload --port {port}", "pytest"),
    "node": Stack("src/pages.js", "<h1>Courses", "node --watch server.js", NODE_TEST),
}


def table(scratch: Path, rounds: int, only: Collection[str] = ()) -> list[str]:
    """Rows for each stack and engine that is here; times are minimum, median and maximum. `only`: these stacks."""
    rows = list(HEAD)
    for name, stack in STACKS.items():
        if only and name not in only:
            continue
        service = bake(scratch, f"bench-{name}", rounds, stack=name, database="postgres", cache="redis", worker="queue")
        for engine in engines(service):
            measured = measure(service.on(engine), stack, engine)
            rows += [f"| {words} | {name} | {engine} | {rest} |" for words, rest in measured]
    return rows


def measure(service: Service, stack: Stack, engine: str) -> Iterator[tuple[str, str]]:
    """The words of each row, and its figures."""
    compose = service.root / "compose.yaml"
    whole = compose.read_text()
    service.dev("dev.up")
    warm = times(service.rounds, partial(service.dev, "dev.down"), partial(service.dev, "dev.up"))
    compose.write_text(WORKER.sub("", whole))
    service.dev("dev.up")
    alone = times(service.rounds, partial(service.dev, "dev.down"), partial(service.dev, "dev.up"))
    compose.write_text(whole)
    service.dev("dev.up")
    yield "`dev.up`, stopped before, s; compared with the same without its worker", figures(alone, warm, "1.2")
    url = service.status()["url"]
    time.sleep(SETTLED)
    used = cpu(service, engine)
    time.sleep(REST)
    share = 100 * (cpu(service, engine) - used) / REST
    at_most = {"native": "0.5 %", "compose": "1 %"}[engine]
    yield "CPU without any command for a minute, % of one core", f"- | {share:.2f} | ({at_most})"
    ours, refused = edits(service, stack, url), unanswered(service, stack, url)
    plain, lost = with_own_reloader(service, stack) if engine == "native" else ([], "-")
    yield "an edit until the new answer, s; compared with the framework's reloader", figures(plain, ours, "0.5 s")
    yield f"of {QUICK} requests during {QUICK} quick edits, not answered", f"{lost} | {refused} | - (0)"
    plain, ours = turns(service.rounds, tests_by_hand(service, stack, engine), partial(service.dev, "dev.test"))
    yield "`dev.test`, s; compared with the test command", figures(plain, ours, "0.3 s more")
    service.destroy()


def times(rounds: int, before: Callable[[], object], timed: Callable[[], object]) -> list[float]:
    """Seconds of `timed`, each time after `before`."""
    found = []
    for _ in range(rounds):
        before()
        start = time.monotonic()
        timed()
        found.append(time.monotonic() - start)
    return found


def turns(rounds: int, one: Callable[[], object], other: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Seconds of both, in turns: what else the machine does changes within a minute, and would count for one alone."""
    found = [times(1, lambda: None, each)[0] for _ in range(rounds) for each in (one, other)]
    return found[::2], found[1::2]


def figures(other: list[float], ours: list[float], at_most: str) -> str:
    """Three cells: what it is compared with, ours, and the ratio of medians."""
    ratio = f"{statistics.median(ours) / statistics.median(other):.2f}" if other else "-"
    return f"{spread(other)} | {spread(ours)} | {ratio} ({at_most})"


def spread(seconds: list[float]) -> str:
    """Minimum, median and maximum."""
    return f"{min(seconds):.2f}–{statistics.median(seconds):.2f}–{max(seconds):.2f}" if seconds else "-"


def edits(service: Service, stack: Stack, url: str) -> list[float]:
    """Seconds from each edit to the first answer that has it. The edit is a comment's or a page's text."""
    file = service.root / stack.file
    source = file.read_text()
    answered = marked(source, stack)
    found = []
    try:
        for number in range(EDITS + 1):
            time.sleep(PAUSE)
            start = time.monotonic()
            file.write_text(answered.replace("MARK", f"edit {number}"))
            while f"edit {number}<" not in page(url):
                time.sleep(0.01)
            found.append(time.monotonic() - start)
    finally:
        file.write_text(source)
        time.sleep(PAUSE)
    return found[1:]  # the first one fills caches, and Node prepares the next process only after it


def unanswered(service: Service, stack: Stack, url: str) -> int:
    """How many requests get no answer, each of them just after an edit."""
    file = service.root / stack.file
    source = file.read_text()
    answered, lost = marked(source, stack), 0
    try:
        for number in range(QUICK):
            file.write_text(answered.replace("MARK", f"quick {number}"))
            time.sleep(0.1)
            lost += not page(url)
    finally:
        file.write_text(source)
        time.sleep(PAUSE)
    return lost


def marked(source: str, stack: Stack) -> str:
    """The source with `MARK<` in what `/` answers."""
    if stack.text == "<h1>Courses":
        return source.replace("<h1>Courses<", "<h1>MARK<")
    call = re.search(r"return (?:render|templates\.TemplateResponse)\(.*\)", source)
    assert call
    kind = "HttpResponse" if "HttpResponse" in source else "HTMLResponse"
    return source.replace(call[0], f'return {kind}("MARK<")')


def page(url: str) -> str:
    """The page; empty while nobody answers."""
    host = url.removeprefix("http://")
    request = urllib.request.Request(f"http://127.0.0.1:{host.rpartition(':')[2]}/", headers={"Host": host})
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())
    return ""


def with_own_reloader(service: Service, stack: Stack) -> tuple[list[float], int]:
    """The same edits with the framework's own reloader, started by hand in the environment of the app."""
    port, env = free_port(), environment(service)
    argv = shlex.split(stack.by_hand.format(port=port))
    given = {**env, "PORT": str(port), "BIND": "127.0.0.1"}
    with running(argv, service.root, given):
        url = f"http://127.0.0.1:{port}"
        while not page(url):
            time.sleep(0.05)
        return edits(service, stack, url), unanswered(service, stack, url)


@contextmanager
def running(argv: list[str], folder: Path, env: dict[str, str]) -> Iterator[None]:
    """A program with its processes, ended afterwards."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, cwd=folder, env=env, stdout=quiet, stderr=quiet, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def environment(service: Service) -> dict[str, str]:
    """The environment of the app, as a command sees it."""
    lines = service.dev("dev.run", "--", "env", "-0").split("\0")
    return dict(entry.split("=", 1) for entry in lines if "=" in entry)


def tests_by_hand(service: Service, stack: Stack, engine: str) -> Callable[[], object]:
    """The tests without our command, in the same place."""
    argv = shlex.split(stack.test)
    if engine == "compose":
        return partial(service.compose, "exec", "-T", "app", *argv)
    return partial(replace(service, env=environment(service)).call, *argv)


def cpu(service: Service, engine: str) -> float:
    """Seconds of CPU that the processes of all services have used."""
    if engine == "compose":
        return sum(map(used_by, service.compose("ps", "--quiet", "--no-trunc").split()))
    folder = str(Path(service.env["XDG_STATE_HOME"], "devenv"))
    everything = Path("/proc").glob("[0-9]*")
    processes = [path for path in everything if mark(path).startswith(folder) or place(path).startswith(folder)]
    return sum(map(spent, processes))


def used_by(container: str) -> float:
    """Of a container, healthchecks included, from the kernel's files: cgroups v2 and v1."""
    for pattern in GROUPS:
        group = Path(pattern.format(id=container))
        if (group / "cpu.stat").is_file() and "usage_usec" in (group / "cpu.stat").read_text():
            return int((group / "cpu.stat").read_text().split()[1]) / 1e6
        if (group / "cpuacct.usage").is_file():
            return int((group / "cpuacct.usage").read_text()) / 1e9
    return float("nan")  # the engine runs on another machine


def spent(process: Path) -> float:
    """Seconds of a process and of its children that ended."""
    found = fields(process)
    return sum(map(int, found[11:15])) / os.sysconf("SC_CLK_TCK") if found else 0.0


def fields(process: Path) -> list[str]:
    """What Linux says of a process, after its name."""
    try:
        return (process / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def mark(process: Path) -> str:
    """The folder of the service that a native process belongs to."""
    try:
        found = re.search(rb"(?:^|\0)DEVENV_UNIT=([^\0]*)", (process / "environ").read_bytes())
    except OSError:
        return ""
    return found[1].decode() if found else ""


def place(process: Path) -> str:
    """Its current folder: that of a database server is its data, and its children do not show their variables."""
    try:
        return str((process / "cwd").readlink())
    except OSError:
        return ""
