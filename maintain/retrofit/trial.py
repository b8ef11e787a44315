"""One application, retrofitted and started as its owner would, and what came of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from maintain.retrofit import sources
from maintain.retrofit.sources import WHO, NoSource
from maintain.visitor import Loopback
from tools.adopt.fill.points import POINT

ROOT = Path(__file__).resolve().parents[2]
UP, TESTS, OTHER = 900, 150, 180  # seconds that a command may take
QUERIES = {  # how many statements the service's database has answered
    "postgres": [
        "-Atqc",
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()",
    ],
    "mysql": ["-Ne", "SHOW GLOBAL STATUS LIKE 'Com_select'"],
}
PAGES = 5  # requests to a page
WIDTH = 100  # characters of an error
# The line of a package manager or an image builder that says why; the first one counts.
CAUSE = re.compile(
    r"(?m)^(?:.*failed to resolve source metadata for \S+|.*Could not resolve host: \S+|.*getaddrinfo \w+ \S+"
    r"|\S*(?:Error|Exception|ImproperlyConfigured): .+)|No interpreter found for Python [\d.]+"
)
COMMENT = re.compile(r"\s*#")
NAMED = re.compile(r" {4}in ([^:]+): ")  # the example of a point that is about files of theirs
FOUND = re.compile(r"  (?P<name>\S.*?)  +(?P<value>\S.*?)  \((?P<where>.*)\)")


@dataclass(frozen=True)
class App:
    """An application of the list. The keys are explained in list.yaml."""

    name: str
    version: str
    source: str = "pypi"
    sha256: str = ""
    url: str = ""
    folder: str = ""
    stack: str = ""
    stores: str = ""
    found: Mapping[str, str] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    page: str = "/"


@dataclass
class Row:
    """A row of the table; every value is as it is shown there."""

    name: str
    version: str
    stack: str
    read: str = ""
    points: str = ""
    edits: str = ""
    native: str = ""
    compose: str = ""
    page: str = ""
    tests: str = ""
    minutes: str = ""
    why: str = ""


class Ended(NamedTuple):
    """An ended command: its code (None: it was ended after its time), and what it printed."""

    code: int | None
    stdout: str
    stderr: str

    @property
    def error(self) -> str:
        """Its error line, without our hints."""
        if self.code is None:
            return "not ended in time"
        lines = [line for line in self.stderr.splitlines() if line.startswith("error[")]
        return lines[-1] if lines else f"ended with {self.code}"


Verb = Callable[..., Ended]


def trial(app: App, work: Path, engines: Iterable[str], instead: Mapping[str, str] | None = None) -> Row:
    """Retrofit one application in `work` and start it with each engine. What fails is in the row.

    `instead`: images that this machine cannot have, with those that are taken; the row names them.
    """
    start, row = time.monotonic(), Row(app.name, app.version[:12], ", ".join(filter(None, (app.stack, app.stores))))
    folder = work / app.name.rpartition("/")[2]
    shutil.rmtree(folder, ignore_errors=True)
    try:
        path = repository(app, folder)
        report = adopted(app, path, row)
        if report:
            filled(app, path, row, report)
            for engine in engines:
                if engine == "compose":
                    replaced(path, row, instead or {})
                run(app, path, row, engine, folder)
    except NoSource as error:
        row.read, row.why = "no source", str(error)
    row.minutes = f"{(time.monotonic() - start) / 60:.0f}"
    return row


def repository(app: App, folder: Path) -> Path:
    """The application as a git repository. Returns the folder of the service in it."""
    if app.source == "git":
        root = sources.of_git(app.url, app.version, folder / "source")
    else:
        root = sources.of_registry(app.source, app.name, app.version, app.sha256, folder / "source")
    path = root.rename(folder / folder.name)  # the folder's name may become the service's
    sources.as_repository(path)
    return path / app.folder


def adopted(app: App, path: Path, row: Row) -> str:
    """The report of `template.retrofit`; empty if it failed."""
    argv = [sys.executable, str(ROOT / "tools/adopt/__main__.py"), "retrofit", str(path)]
    done = command(argv, ROOT, OTHER, path.parent / "retrofit.log", PYTHONPATH=str(ROOT))
    if done.code:
        row.read, row.why = "refused", done.error
        return ""
    said = {match["name"]: match["value"] for match in map(FOUND.fullmatch, done.stdout.splitlines()) if match}
    wrong = [f"{name} {said.get(name, 'not found')}" for name, right in app.found.items() if said.get(name) != right]
    row.read = f"wrong: {', '.join(wrong)}" if wrong else "right"
    return done.stdout


def filled(app: App, path: Path, row: Row, report: str) -> None:
    """Write the list's answers into the listed open points, and commit. Edits of other lines are counted apart."""
    every = section(report, "To fill in")
    points = [line for line in every if not line.startswith("    ")]
    named = {name for line in every if (match := NAMED.match(line)) for name in match[1].split(", ")}
    inside, outside, left = 0, 0, dict(app.fills)
    for page in sorted({path / name for name in (*named, *(point.partition(":")[0] for point in points))}):
        lines, asked, at_point = page.read_text().splitlines(), str(page.relative_to(path)) in named, False
        for number, line in enumerate(lines):
            at_point = asked or bool(POINT.match(line)) or (at_point and bool(COMMENT.match(line)))
            if line.strip() in left:
                lines[number] = line.replace(line.strip(), left.pop(line.strip()))
                inside, outside = inside + at_point, outside + (not at_point)
        page.write_text("\n".join(lines) + "\n")
    for name, text in app.files.items():
        (path / name).write_text(text)
        sources.output(["git", "add", "--force", "--", name], path)
        inside += 1
    row.points = str(len(points))
    row.edits = str(inside) + (f" + {outside} elsewhere" if outside else "")
    if left:
        row.why = f"no such line: {next(iter(left))}"
    if inside or outside:
        sources.output(["git", "commit", "--quiet", "--all", "--message", "what only its owner knows"], path)


def replaced(path: Path, row: Row, instead: Mapping[str, str]) -> None:
    """Take other images in our Dockerfile and compose file, commit, and note it in the row."""
    for names in (("Dockerfile.devenv", "Dockerfile"), ("compose.devenv.yaml", "compose.yaml")):
        page = next((one for name in names if (one := path / name).exists()), None)
        text = before = page.read_text() if page else ""
        for image, other in instead.items():
            text, times = re.subn(rf"(?m)^(FROM| +image:) {re.escape(image)}(?=\s)", rf"\1 {other}", text)
            if times:
                row.why = "; ".join(filter(None, (row.why, f"compose: {other} instead of {image}")))
        if page and text != before:
            page.write_text(text)
            sources.output(["git", "commit", "--quiet", "--all", "--message", "an image that this machine has"], path)


def section(report: str, title: str) -> list[str]:
    """The lines of a section of the report, without its indentation."""
    return [line[2:] for line in report.partition(f"\n{title}\n")[2].partition("\n\n")[0].splitlines()]


def run(app: App, path: Path, row: Row, engine: str, work: Path) -> None:
    """Start it with one engine, look at its page and its tests, and remove it."""
    env = {"DEV_ENGINE": engine, "DEV_WORKSPACE": f"r{os.getpid()}-{engine[:1]}", "DEVENV_TOOLS": str(ROOT)}
    env |= home(work / "home")

    def verb(*words: str, seconds: int = OTHER) -> Ended:
        return command([str(path / ".dev/run"), *words], path, seconds, work / f"{engine}-{words[0]}.log", **env)

    try:
        up = verb("dev.up", seconds=UP)
        setattr(row, engine, "up" if up.code == 0 else "no")
        if up.code == 0:
            row.page = row.page or looked_at(app, verb)
            row.tests = row.tests or tested(verb("dev.test", seconds=TESTS))
        else:
            cause = CAUSE.search(up.stderr)
            row.why = "; ".join(filter(None, (row.why, f"{engine}: {short(cause[0] if cause else up.error, path)}")))
    finally:
        verb("dev.destroy", "--yes")


def home(folder: Path) -> dict[str, str]:
    """An empty home folder: applications write there, and read it at the next trial. Package caches stay."""
    folder.mkdir(exist_ok=True)
    real = Path.home()
    kept = {
        "XDG_CACHE_HOME": ".cache",
        "XDG_CONFIG_HOME": ".config",
        "XDG_STATE_HOME": ".local/state",
        "npm_config_cache": ".npm",
        "npm_config_userconfig": ".npmrc",
        "DOCKER_CONFIG": ".docker",
    }
    return {"HOME": str(folder), **{name: os.environ.get(name, str(real / path)) for name, path in kept.items()}}


def short(text: str, path: Path) -> str:
    """An error as a cell of the table has room for it, and without the folders of this machine."""
    text = text.replace(f"{path}/", "").replace(str(Path.home()), "~")
    return f"{text[:WIDTH].rpartition(' ')[0] or text[:WIDTH]} …" if len(text) > WIDTH else text


def looked_at(app: App, verb: Verb) -> str:
    """What the page answers, and whether the database was asked for it."""
    url = json.loads(verb("dev.status", "--json").stdout)["url"]
    words = next((words for store, words in QUERIES.items() if store in app.stores), None)
    before = asked(verb, words)
    status = [answer(url, app.page) for _ in range(PAGES)][-1]
    after = asked(verb, words)
    if before is None or after is None:
        return f"{app.page} {status}"
    return f"{app.page} {status}, {'queried' if after - before >= PAGES else 'no query'}"


def asked(verb: Verb, words: list[str] | None) -> int | None:
    """How many statements the database has answered; None without a server."""
    said = verb("dev.dbshell", "--", *words).stdout.split() if words else []
    return int(said[-1]) if said and said[-1].isdigit() else None


def answer(url: str, path: str) -> int:
    """The status of a page; 0 if there is no answer. The name is not resolved: not every system can."""
    connection = Loopback(url.removeprefix("http://"), timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def tested(done: Ended) -> str:
    """The result of the tests, in a word."""
    if done.code == 0:
        return "green"
    if done.code is None:
        return f"not ended after {TESTS} s"
    failed = re.findall(r"(\d+) (?:failed|failing|errors?)\b|(?:failures|errors)=(\d+)", done.stdout + done.stderr)
    return f"{sum(int(a or b) for a, b in failed[-2:])} red" if failed else f"ended with {done.code}"


def command(argv: list[str], folder: Path, seconds: int, log: Path, **env: str) -> Ended:
    """Run a command in its own process group; after its time it is interrupted, as with Ctrl-C."""
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env={**os.environ, **WHO, **env, "PWD": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    code: int | None = None
    try:
        stdout, stderr = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        stdout, stderr = interrupted(process)
    except BaseException:  # we are interrupted, and so is the command
        interrupted(process)
        raise
    log.write_text(f"{stdout}\n--- stderr\n{stderr}")
    return Ended(code, stdout, stderr)


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Interrupt a command with all its processes; what it printed. One that does not end is killed."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        return process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()
