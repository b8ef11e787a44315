"""`dev.up --debug`: an editor attaches to the app, stops it at a line, and follows it when the app reloads itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import another_port
from tests.verbs.dap import Session
from tests.verbs.fixtures import MakeRepo
from tests.verbs.repo import Repo, get

VIEWS = "courses/views.py"
LINE = "return render(request"
STARTED = "SELECT pg_postmaster_start_time()"


@pytest.fixture
def debug_port(built_repo: Repo, shared: Path) -> int:
    """Declared by the repo in place of the usual one, which others on this machine may debug at."""
    port = another_port(shared)
    built_repo.edit("dev.yaml", "debug: {port: 5678", f"debug: {{port: {port}")
    return port


def line_of(repo: Repo) -> int:
    lines = (repo.path / VIEWS).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if LINE in line)


@contextmanager
def editor(repo: Repo, port: int, engine: str) -> Iterator[Session]:
    """Attached to what listens there: to the process that watches the files, which reports each process that serves."""
    folders = [{"localRoot": str(repo.path), "remoteRoot": "/app"}] if engine == "compose" else []
    with closing(Session(port)) as session:
        session.attach(repo.path / VIEWS, line_of(repo), {"connect": {"port": port}, "pathMappings": folders})
        yield session


@contextmanager
def serving(repo: Repo, parent: Session) -> Iterator[Session]:
    """Attached to the next process that serves."""
    reported: Any = parent.event("debugpyAttach")
    with closing(Session(reported["connect"]["port"])) as session:
        session.attach(repo.path / VIEWS, line_of(repo), reported)
        yield session


def fetch_patiently(url: str) -> int:
    """The status of the page, as soon as the app that has just started answers."""
    while True:
        with suppress(OSError):
            return get(url)[0]


def stops_at_the_line(repo: Repo, session: Session, url: str) -> None:
    with ThreadPoolExecutor() as browser:
        page = browser.submit(fetch_patiently, url)
        thread = session.event("stopped")["threadId"]
        frame = session.ask("stackTrace", {"threadId": thread, "levels": 1})["stackFrames"][0]
        assert (frame["source"]["path"], frame["line"]) == (str(repo.path / VIEWS), line_of(repo))
        assert not page.done()
        session.ask("continue", {"threadId": thread})
        assert page.result(timeout=60) == 200


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
    with editor(repo, debug_port, engine) as session:
        with serving(repo, session) as app:
            stops_at_the_line(repo, app, url)
        repo.append(VIEWS, "\n# edited\n")
        with serving(repo, session) as app:
            stops_at_the_line(repo, app, url)
    assert get(url)[0] == 200, "with the editor closed, nothing stops"
    repo.ok("dev.up")
    assert repo.status()["debugger"] == {}
    with pytest.raises(ConnectionRefusedError):
        Session(debug_port)
    assert repo.rows(STARTED) == started, "only the app was made anew"


def test_a_taken_port_is_named_and_the_hinted_command_works(built_repo: Repo, listener: int) -> None:
    built_repo.edit("dev.yaml", "debug: {port: 5678", f"debug: {{port: {listener}")
    done = built_repo.fails(113, "dev.up", "--debug")
    assert f"port {listener} is taken by " in done.error
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
        ("debug: {port: 5678}\n", "", {}, 111, "debug: there is no compose.debug.yaml"),
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
