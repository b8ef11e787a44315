"""A required service's released image: from a registry that the test starts, and built where that one is gone."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import need
from tests.examples import services
from tests.gitrepo import commit, repin, replace_text
from tests.verbs.fixtures import COMPOSE, removed_after
from tests.verbs.repo import Done, Repo

NOTES = Path(__file__).resolve().parents[2] / "examples" / "stack" / "notes"
PROGRAM = "docker-registry"
CONFIG = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""

pytestmark = [pytest.mark.parametrize("engine", COMPOSE, indirect=True), pytest.mark.timeout(600)]


@contextmanager
def registry(port: int, folder: Path) -> Iterator[None]:
    """A registry on this machine, where Docker asks for no certificate: 127.0.0.0/8."""
    config = folder / "registry.yml"
    config.write_text(CONFIG.format(folder=folder / "registry", port=port))
    with (folder / "registry.log").open("w") as log:
        server = subprocess.Popen([PROGRAM, "serve", str(config)], stdout=log, stderr=log)
        try:
            while not answers(port):
                assert server.poll() is None, (folder / "registry.log").read_text()
            yield
        finally:
            server.kill()
            server.wait()


def answers(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=30).status == 200
    except OSError:
        return False


@pytest.fixture
def token() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def image(free_port: int, token: str) -> str:
    """What the provider's dev.yaml declares, without the version."""
    return f"127.0.0.1:{free_port}/{token}"


@pytest.fixture
def desk(bake: Callable[..., Path], engine: str, image: str, token: str, tmp_path: Path) -> Repo:
    """A root that requires notes, which has a tag and says where its image lies; both are the same small code."""
    for service, port in (("notes", 18182), ("desk", 18183)):
        path = bake("bare", into=tmp_path, service=service, port=port)
        shutil.copytree(NOTES, path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
        repo = Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})
        if service == "notes":
            repo.append("dev.yaml", f'image: "{image}:{{version}}"\n')
            services.release(path, "v1.0.0")
        else:
            repo.edit("dev.yaml", "service: notes", "service: desk")
            repo.edit("compose.yaml", "aliases: [notes, notes.localhost]", "aliases: [desk, desk.localhost]")
            repo.append("dev.yaml", "requires: {notes: {repo: ../notes, version: v1.0.0}}\n")
    return repo


def docker(*words: str, stdin: str = "") -> str:
    done = subprocess.run(["docker", *words], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def release(built: str, image: str) -> None:
    """Publish an image that is known from the one that is built here by its label alone, and keep no copy."""
    docker("build", "--quiet", "--label", "released=yes", "--tag", image, "-", stdin=f"FROM {built}\n")
    docker("push", image)
    docker("image", "rm", image)


def notes(desk: Repo) -> dict[str, object]:
    """What the provider says of itself, and whether the container that runs was released."""
    (said,) = desk.status()["requires"]
    label = '{{index .Config.Labels "released"}}'
    return {
        **said,
        "released": docker("inspect", "--format", label, f"{desk.project('notes', desk.token)}-app-1") == "yes",
    }


def did(desk: Repo) -> list[str]:
    """The commands of the provider's last dev.up, as it printed them."""
    return Done(0, "", log(desk)).commands


def log(desk: Repo) -> str:
    return (desk.path / ".dev/local/logs/notes.dev.up.log").read_text()


def test_it_is_pulled_and_without_the_registry_built(desk: Repo, image: str, free_port: int, tmp_path: Path) -> None:
    need(PROGRAM)
    with removed_after(desk):
        try:
            released = f"{image}:v1.0.0"
            alone = desk.ok("dev.up")
            assert f"warning: notes: the image {released} cannot be pulled: building instead" in alone.stderr
            assert_runs(desk, "")
            desk.ok("dev.up")
            assert did(desk) == [], "after a build, it is not tried again"
            with registry(free_port, tmp_path):
                built = docker("image", "ls", "--format", "{{.Repository}}", f"{desk.token}-notes-*")
                release(built, released)
                desk.ok("dev.destroy", "--yes")
                again = desk.ok("dev.up")
            assert f"runs image {released}" in again.stderr
            assert f"docker pull {released}" in did(desk)
            assert not any(" build" in command for command in did(desk))
            assert_runs(desk, released)
            desk.ok("dev.edit", "notes")
            assert_runs(desk, "")
            desk.ok("dev.use", "notes")
            assert f"docker pull {released}" not in did(desk), "it is here already, and nobody can be asked"
            assert_runs(desk, released)
        finally:
            subprocess.run(["docker", "image", "rm", released], capture_output=True, check=False)


class Silent(http.server.BaseHTTPRequestHandler):
    """A registry that is there, and never says anything of an image. Docker would wait for ever."""

    def do_GET(self) -> None:
        if self.path != "/v2/":
            self.rfile.read()  # until the other side gives up
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET


@pytest.fixture
def silent_registry(free_port: int) -> Iterator[None]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", free_port), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.mark.slow
@pytest.mark.usefixtures("silent_registry")
def test_a_registry_that_never_answers_costs_a_build(desk: Repo, image: str, template: Path, tmp_path: Path) -> None:
    notes = replace(desk, path=desk.path.parent / "notes")
    impatient = shutil.copytree(template, tmp_path / "impatient", symlinks=True)
    replace_text(impatient / "devenv/engines/compose.py", "PULL_LIMIT = 300\n", "PULL_LIMIT = 5\n")
    repin(notes.path, impatient, commit(impatient, "less patience"))
    services.release(notes.path, "v1.0.1")
    desk.edit("dev.yaml", "version: v1.0.0", "version: v1.0.1")
    with removed_after(desk):
        done = desk.ok("dev.up")
        assert f"docker pull {image}:v1.0.1\n  exit 124 after " in log(desk), "ended by our limit, not by Docker's own"
        assert f"warning: notes: the image {image}:v1.0.1 cannot be pulled: building instead" in done.stderr
        assert_runs(desk, "")


def assert_runs(desk: Repo, image: str) -> None:
    found = notes(desk)
    assert (found["healthy"], found["image"], found["released"]) == (True, image, bool(image)), found
