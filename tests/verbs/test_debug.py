"""`dev.up --debug`: an editor attaches to the app, stops it at a line, and follows it when the app reloads itself."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from tests.conftest import another_port, need
from tests.messages import TAKEN_BY
from tests.verbs.dap import Session
from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo, removed_after
from tests.verbs.repo import Repo, get


class Place(NamedTuple):
    """Where the editor stops the app: what answers `/`."""

    file: str
    text: str

    def line(self, repo: Repo) -> int:
        lines = (repo.path / self.file).read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if self.text in line)


DJANGO = Place("courses/views.py", "return render(request")
FASTAPI = Place("app/pages.py", "return templates.TemplateResponse(request")
STARTED = "SELECT pg_postmaster_start_time()"


@pytest.fixture
def debug_port(built_repo: Repo, shared: Path) -> int:
    """Declared by the repo in place of the usual one, which others on this machine may debug at."""
    port = another_port(shared)
    built_repo.edit("dev.yaml", "debug: {port: 5678", f"debug: {{port: {port}")
    return port


@contextmanager
def editor(repo: Repo, place: Place, port: int, engine: str) -> Iterator[Session]:
    """Attached to what listens there: to the process that watches the files, which reports each process that serves."""
    folders = [{"localRoot": str(repo.path), "remoteRoot": "/app"}] if engine == "compose" else []
    with closing(Session(port)) as session:
        session.attach(repo.path / place.file, place.line(repo), {"connect": {"port": port}, "pathMappings": folders})
        yield session


@contextmanager
def serving(repo: Repo, place: Place, parent: Session) -> Iterator[Session]:
    """Attached to the next process that serves, and to helpers that were started before it, as an editor is."""
    with ExitStack() as opened:
        while True:
            reported: Any = parent.event("debugpyAttach")
            session = opened.enter_context(closing(Session(reported["connect"]["port"])))
            session.attach(repo.path / place.file, place.line(repo), reported)
            if not is_helper(reported.get("subProcessId", 0)):
                break
        yield session


def is_helper(pid: int) -> bool:
    """Whether it is the process with which Python's multiprocessing cleans up."""
    with suppress(psutil.Error):
        return "resource_tracker" in " ".join(psutil.Process(pid).cmdline())
    return False


def fetch_patiently(url: str) -> int:
    """The status of the page, as soon as the app that has just started answers."""
    while True:
        with suppress(OSError):
            return get(url)[0]


def stops_at_the_line(repo: Repo, place: Place, session: Session, url: str) -> None:
    with ThreadPoolExecutor() as browser:
        page = browser.submit(fetch_patiently, url)
        thread = session.event("stopped")["threadId"]
        frame = session.ask("stackTrace", {"threadId": thread, "levels": 1})["stackFrames"][0]
        assert (frame["source"]["path"], frame["line"]) == (str(repo.path / place.file), place.line(repo))
        assert not page.done()
        session.ask("continue", {"threadId": thread})
        assert page.result(timeout=60) == 200


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_an_editor_stops_the_app_at_a_line_and_follows_its_reload(up_repo: Repo, debug_port: int, engine: str) -> None:
    repo = up_repo
    started = repo.rows(STARTED)
    done = repo.ok("dev.up", "--debug")
    where = f"debugger listens on 127.0.0.1:{debug_port}  (VS Code: "
    assert where in done.stderr
    assert where in repo.ok("dev.status").stdout
    assert repo.status()["debugger"]["address"] == f"127.0.0.1:{debug_port}"
    assert repo.ok("dev.up", "--debug").commands == [], "it runs so already"
    url = done.stdout.strip()
    with editor(repo, DJANGO, debug_port, engine) as session:
        with serving(repo, DJANGO, session) as app:
            stops_at_the_line(repo, DJANGO, app, url)
        repo.append(DJANGO.file, "\n# edited\n")
        with serving(repo, DJANGO, session) as app:
            stops_at_the_line(repo, DJANGO, app, url)
    assert get(url)[0] == 200, "with the editor closed, nothing stops"
    repo.ok("dev.up")
    assert repo.status()["debugger"] == {}
    with pytest.raises(ConnectionRefusedError):
        Session(debug_port)
    assert repo.rows(STARTED) == started, "only the app was recreated"


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_fastapi_stops_at_a_line_too(make_repo: MakeRepo, shared: Path, engine: str) -> None:
    repo, port = make_repo("fastapi"), another_port(shared)
    repo.edit("dev.yaml", "debug: {port: 5678", f"debug: {{port: {port}")
    with removed_after(repo):
        url = repo.ok("dev.up", "--debug").stdout.strip()
        with editor(repo, FASTAPI, port, engine) as session, serving(repo, FASTAPI, session) as app:
            stops_at_the_line(repo, FASTAPI, app, url)


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_nodes_inspector_shows_the_app_and_follows_its_reload(make_repo: MakeRepo, shared: Path) -> None:
    need("node")
    repo, port = make_repo("node"), another_port(shared)
    repo.edit("dev.yaml", "debug: {port: 9229", f"debug: {{port: {port}")
    with removed_after(repo):
        repo.ok("dev.up", "--debug")
        (target,) = json.loads(get(f"http://127.0.0.1:{port}", "/json/list")[1])
        assert target["url"] == (repo.path / "server.js").as_uri()
        repo.append("src/app.js", "\n// edited\n")
        while fetch_targets(port) in ([], [target["id"]]):
            time.sleep(0.1)  # until the new process is there; the test's own time limit ends this


def fetch_targets(port: int) -> list[str]:
    """The inspector's targets; empty while the app restarts."""
    with suppress(OSError):
        return [target["id"] for target in json.loads(get(f"http://127.0.0.1:{port}", "/json/list")[1])]
    return []


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_taken_port_is_named_and_the_hinted_command_works(built_repo: Repo, listener: int) -> None:
    built_repo.edit("dev.yaml", "debug: {port: 5678", f"debug: {{port: {listener}")
    done = built_repo.fails(113, "dev.up", "--debug")
    assert f"port {listener} {TAKEN_BY} " in done.error
    (hint,) = done.hints
    variable, door, *words = shlex.split(hint)
    name, _, port = variable.partition("=")
    built_repo.env[name] = port
    built_repo.ok(*words, door=door)
    assert built_repo.status()["debugger"]["address"] == f"127.0.0.1:{port}"


@pytest.mark.parametrize("engine", ["native"], indirect=True)
@pytest.mark.parametrize(
    ("dev_yaml", "overlay", "variables", "code", "said"),
    [
        ("", "", {}, 111, "debug: is missing"),
        ("debug: {port: 5678}\n", "", {}, 111, "debug: compose.debug.yaml is missing"),
        ("debug: {port: 5678}\n", "services: {}\n", {"DEV_LEAN": "1"}, 2, "runs lean here"),
    ],
)
def test_what_cannot_run_under_a_debugger_says_why(
    make_repo: MakeRepo, dev_yaml: str, overlay: str, variables: dict[str, str], code: int, said: str
) -> None:
    repo = make_repo("bare")
    repo.append("dev.yaml", dev_yaml)
    if overlay:
        Path(repo.path, "compose.debug.yaml").write_text(overlay)
    repo.env.update(variables)
    done = repo.fails(code, "dev.up", "--debug")
    assert said in done.error
    assert done.hints
