"""Small services that need something private, on each engine."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.test_start import code
from tests.kit import planted
from tests.kit.registries import Server
from tests.verbs import machine
from tests.verbs.fixtures import engine  # noqa: F401
from tests.verbs.repo import Done, Repo

# It shows what the package says, and the names of the secrets that it got.
APP = """
import http.server, os, pathlib, socket, sys

try:
    import acme_greeting
except ImportError:
    acme_greeting = None


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.environ.get("MAIL_KEY_FILE", "/nothing")
        mail = pathlib.Path(path).read_text() if os.path.exists(path) else ""
        got = [acme_greeting.text() if acme_greeting else "", mail, os.environ.get("CHAT_KEY", "")]
        self.send_response(200)
        self.end_headers()
        self.wfile.write("|".join(got).encode())


if sys.argv[1:] == ["check"]:
    socket.create_connection((os.environ["BIND"], int(os.environ["PORT"])))
else:
    http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), Page).serve_forever()
"""
COMPOSE = """\
services:
  app:
    build: {{context: ., target: dev, network: host, secrets: [ca]}}
    init: true
    user: "${{DEV_UID:-1000}}:${{DEV_GID:-1000}}"
    command: {program}
    ports: ["127.0.0.1:${{PORT}}:${{PORT}}"]
    environment: {{PORT: "${{PORT}}", BIND: "${{BIND}}"}}
    volumes: [".:/app"]
    healthcheck: {{test: {program} check, start_period: 30s, start_interval: 200ms}}
    networks: [default, workspace]
networks:
  workspace: {{name: "${{DEV_NETWORK:-devenv-main}}", external: true}}
secrets:
  ca: {{file: "${{CA_BUNDLE:-/dev/null}}"}}
"""
MOUNT = "    --mount=type=secret,id=ca \\\n"

MakePrivate = Callable[..., "Private"]


class Private(Repo):
    """A repo with folders of its own: `home` has the person's logins, `caches` is searched for them."""

    @property
    def home(self) -> Path:
        return self.path.parent / "home"

    @property
    def caches(self) -> Path:
        return self.path.parent / "caches"

    def up(self, secret: str) -> Done:
        """dev.up, after which the secret is nowhere. It was watched while it ran."""
        with planted.watched(secret) as seen:
            done = self.ok("dev.up")
        assert self.left(secret, done) + seen == []
        return done

    def left(self, secret: str, done: Done) -> list[str]:
        """Where the secret is after a command: below the repo, in caches and the state, in Docker, in the output."""
        folders = [self.path, self.caches, machine.state_home(), Path(os.environ["XDG_CACHE_HOME"])]
        docker = self.token if self.env["DEV_ENGINE"] == "compose" else ""
        return planted.left(secret, folders=folders, containers=docker, text=done.stdout + done.stderr)


@pytest.fixture
def dockerfile(bake: Callable[..., Path], tmp_path: Path) -> Callable[[str], str]:
    """dockerfile("fastapi") → the Dockerfile that a service of this stack gets."""
    return lambda stack: (bake(stack, into=tmp_path / "generated", database="none") / "Dockerfile").read_text()


@pytest.fixture
def secret() -> str:
    """A secret that no other test has, with characters that URLs and shells treat in their own way."""
    return f"s3cr&t/{secrets.token_hex(16)}+$HOME"


@pytest.fixture
def private(bake: Callable[..., Path], free_port: int, engine: str, tmp_path: Path) -> Iterator[MakePrivate]:  # noqa: F811
    """private(config, files): a service of a few files. Nothing of it is left after the test."""
    made: list[Private] = []

    def make(config: str, files: dict[str, str], language: str = "python", ca: Path | None = None) -> Private:
        token = f"t{uuid.uuid4().hex[:8]}"
        path = bake("bare", service=token, port=free_port)
        program = "python app.py" if language == "python" else "node app.js"
        head = f"contract: '1.4'\nservice: {token}\napp: app\nport: {free_port}\nbudget: {{ready: 120s}}\n"
        given = {"app.py": APP, "dev.yaml": head + config, "compose.yaml": COMPOSE.format(program=program)}
        for name, text in {**given, **files}.items():
            (path / name).write_text(text)
        repo = Private(path, token, {"DEV_ENGINE": engine, "DEV_NETWORK": f"devenv-{token}"})
        repo.home.mkdir()
        caches = {"UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip", "npm_config_cache": "npm"}
        repo.env.update({name: str(repo.caches / folder) for name, folder in caches.items()})
        repo.env["HOME"] = str(repo.home)
        if ca:
            repo.env.update(trusting(ca))
        made.append(repo)
        return repo

    yield make
    for repo in made:
        try:
            done = repo.ok("dev.destroy", "--yes")
            assert machine.left_by(repo.token, repo.path, engine) == [], done
        finally:
            if engine == "compose":
                machine.remove_by_force(repo.token)


def told(heading: str, at: int, server: Server) -> str:
    """A block of docs/private-dependencies.md below a heading, with this server in place of the page's examples."""
    text = code("private-dependencies", heading)[at]
    for example in ("pypi.example.org", "npm.example.org", "git.example.org"):
        text = text.replace(f"//{example}", f"//{server.host}").replace(f"@{example}", f"@{server.host}")
        text = text.replace(example, server.host if "git: " in text else "localhost")
    return text


def mounted(dockerfile: str, *lines: str) -> str:
    """The Dockerfile with lines among the mounts of each RUN that installs."""
    assert MOUNT in dockerfile
    return dockerfile.replace(MOUNT, MOUNT + "".join(lines))


def trusting(ca: Path) -> dict[str, str]:
    """Variables with which builds and installers trust an authority."""
    names = ("CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "npm_config_cafile", "GIT_SSL_CAINFO")
    return dict.fromkeys(names, str(ca))
