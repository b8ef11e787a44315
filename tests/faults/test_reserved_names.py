"""A service that an earlier release started under a name that is reserved now: it can be seen, stopped and removed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.model import service_names
from tests.conftest import link_tree
from tests.faults import small
from tests.verbs import machine
from tests.verbs.repo import Repo

BESIDE = "mail"  # also a name in its compose file
WORKER = f"""\
  {BESIDE}:
    build: {{context: ., target: dev}}
    command: sleep infinity
"""
PAGE = """
import http.server, os
http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), http.server.BaseHTTPRequestHandler)\\
    .serve_forever()
"""
NAMES = [*service_names.RESERVED, BESIDE]
# A word of YAML, a name of this machine's network, and one of the service's own; the others at night.
EACH_RUN = ("no", "localhost", BESIDE)
CASES = [
    *(
        pytest.param("native", name, id=f"native-{name}", marks=() if name in EACH_RUN else pytest.mark.slow)
        for name in NAMES
    ),
    *(pytest.param("compose", name, id=f"compose-{name}", marks=pytest.mark.engine) for name in ("cache", BESIDE)),
]


@pytest.fixture(scope="session")
def earlier(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tools as they were before any name was reserved."""
    folder = link_tree(template, tmp_path_factory.mktemp("tools") / "earlier")
    file = folder / "devenv/model/service_names.py"
    text = file.read_text()
    file.unlink()  # it is a link
    file.write_text(f"{text}\n\nRESERVED.clear()\ncheck_beside = lambda *_: None\n")
    return folder


@pytest.fixture
def old(bake: Callable[..., Path], engine: str, name: str, tmp_path: Path, earlier: Path) -> Repo:
    """A service with such a name, up."""
    path = small.write(bake, tmp_path, "page", "python page.py", "native: {python: '>=3.9'}\n", PAGE)
    token = f"t{uuid.uuid4().hex[:8]}"
    repo = Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})
    repo.edit("dev.yaml", "service: page", f"service: '{name}'")
    repo.edit("compose.yaml", "[page, page.localhost]", f"['{name}', '{name}.localhost']")
    if name == BESIDE:
        repo.edit("compose.yaml", "networks:\n  workspace:", f"{WORKER}networks:\n  workspace:")
    repo.env["DEVENV_TOOLS"] = str(earlier)
    repo.ok("dev.up")
    del repo.env["DEVENV_TOOLS"]
    return repo


@pytest.mark.parametrize(("engine", "name"), CASES)
def test_verbs_that_do_not_start_it_work(old: Repo, engine: str, name: str) -> None:
    try:
        for words in (["dev.up"], ["dev.run", "--", "true"]):
            assert f"the name {name} " in old.fails(111, *words).error
        status = old.ok("dev.status", "--json").json()
        assert (status["service"], status["healthy"]) == (name, True)
        old.ok("dev.logs")
        assert old.ok("dev.open", "--no-browser").stdout.strip() == status["url"]
        old.ok("dev.down")
        assert small.running(old) == []
        old.ok("dev.destroy", "--yes")
        assert machine.left_by(old.token, old.path, engine) == []
    finally:
        if engine == "compose":
            machine.remove_by_force(old.token)
