"""Small services on purpose: what is at stake between them is the same for large ones, where it takes longer."""

from __future__ import annotations

import shlex
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests import processes
from tests.examples import services
from tests.verbs import machine
from tests.verbs.repo import Done, Repo

# Tells who a secret belongs to. Each client's secret is made up once and is gone with the database.
LMS = """
import http.server, json, os, secrets, sys
import psycopg

WORDS = {word.lower(): os.environ[f"DB_{word}"] for word in ("HOST", "PORT", "USER", "PASSWORD")}

def ask(sql, *values):
    with psycopg.connect(dbname=os.environ["DB_NAME"], autocommit=True, **WORDS) as database:
        cursor = database.execute(sql, values)
        return cursor.fetchone() if cursor.description else None

def migrate():
    ask("CREATE TABLE IF NOT EXISTS client (name text PRIMARY KEY, secret text)")

def default():
    print("{}")

def client(name):
    ask("INSERT INTO client VALUES (%s, %s) ON CONFLICT DO NOTHING", name, secrets.token_hex())
    print(json.dumps({"secret": ask("SELECT secret FROM client WHERE name = %s", name)[0]}))

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = ask("SELECT name FROM client WHERE secret = %s", self.path[1:])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"lms knows " + (found[0] if found else "nobody").encode())

def serve():
    http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), Page).serve_forever()

globals()[sys.argv[1]](*sys.argv[2:])
"""
# Shows what lms says of it.
SHOP = """
import http.server, os, urllib.request

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = os.environ["LMS_INTERNAL_URL"] + "/" + os.environ["LMS_SECRET"]
        with urllib.request.urlopen(url, timeout=10) as answer:
            said = answer.read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said)

http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), Page).serve_forever()
"""
APP = """\
services:
  app:
    build: {{context: ., target: dev, secrets: [ca]}}
    init: true
    user: "${{DEV_UID:-1000}}:${{DEV_GID:-1000}}"
    command: {command}
    ports: ["127.0.0.1:${{PORT}}:${{PORT}}"]
    volumes: [".:/app"]
    networks: {{default: {{}}, workspace: {{aliases: [{service}, {service}.localhost]}}}}
    env_file: [{{path: "${{DEV_ENV_FILE:-/dev/null}}", required: false}}]
    healthcheck:
      test: [CMD, python, -c, 'import os, socket; socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))']
      start_period: 30s
      start_interval: 200ms
    environment:
      PORT: ${{PORT}}
      BIND: ${{BIND}}
"""
DATABASE = """\
      DB_HOST: ${DB_HOST:-db}
      DB_PORT: ${DB_PORT:-5432}
      DB_NAME: service
      DB_USER: ${DB_USER:-service}
      DB_PASSWORD: ${DB_PASSWORD:-development-only}
    depends_on:
      db: {condition: service_healthy}
  db:
    extends: {file: .dev/compose/postgres.yaml, service: postgres}
    image: postgres:17
volumes:
  db-data: {}
"""
SHARED = """\
networks:
  workspace: {name: "${DEV_NETWORK:-devenv-main}", external: true}
secrets:
  ca: {file: "${CA_BUNDLE:-/dev/null}"}
"""
CONFIG = "contract: '1.0'\nservice: {service}\napp: app\nport: {port}\nbudget: {{ready: 120s}}\n"
PROVIDES = """\
commands: {migrate: python lms.py migrate}
state: [lms.py]
scenarios:
  default: {run: python lms.py default}
  client: {run: "python lms.py client {name}", params: {name: nobody}}
native: {python: ">=3.9", install: uv pip install -r requirements.txt}
"""
NEEDS = """\
native: {{python: ">=3.9"}}
requires:
  lms:
    repo: ../lms
    version: {version}
    scenarios: [client: {{name: {service}}}]
    env: {{LMS_SECRET: "{{client.secret}}"}}
"""
SECOND = ('b"lms knows "', 'b"the second lms knows "')  # what its next release says

MakeRoot = Callable[..., Repo]


@pytest.fixture
def make_root(bake: Callable[..., Path], engine: str, tmp_path: Path) -> Iterator[MakeRoot]:
    """make_root("shop") → a service that requires lms. All of them are in one workspace, and not started.

    `version`: of lms, which has v1.0.0 and v2.0.0.
    """
    token = f"t{uuid.uuid4().hex[:8]}"
    lms = write(bake, tmp_path, "lms", "python lms.py serve", PROVIDES, LMS)
    services.release(lms, "v1.0.0")
    Repo(lms, token).edit("lms.py", *SECOND)
    services.release(lms, "v2.0.0")

    def make(service: str, version: str = "v1.0.0") -> Repo:
        needs = NEEDS.format(service=service, version=version)
        path = write(bake, tmp_path, service, "python shop.py", needs, SHOP)
        return Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})

    yield make
    if engine == "compose":
        machine.remove_by_force(token)


def write(bake: Callable[..., Path], folder: Path, service: str, command: str, config: str, code: str) -> Path:
    """A repository of one file of code, as its owner has it before the first commit."""
    port = 18300  # a workspace of its own has other ports
    path = bake("bare", into=folder, service=service, port=port)
    database = DATABASE if code is LMS else ""
    files = {
        "dev.yaml": CONFIG.format(service=service, port=port) + config,
        "compose.yaml": APP.format(command=command, service=service) + database + SHARED,
        "requirements.txt": "psycopg[binary]==3.3.9\n" if database else "",
        command.split()[1]: code,
    }
    for name, text in files.items():
        (path / name).write_text(text)
    return path


@contextmanager
def gone_after(*roots: Repo) -> Iterator[None]:
    """After the test all are destroyed at the same moment, and nothing of the workspace is left."""
    try:
        yield
    finally:
        ends = [root.start("dev.destroy", "--yes") for root in roots]
        said = [end.communicate() for end in ends]
    assert [end.returncode for end in ends] == [0] * len(roots), said
    left = [thing for root in roots for thing in machine.left_by(root.token, root.path, root.env["DEV_ENGINE"])]
    assert left + running(roots[0]) == [], (left, said)


def running(root: Repo) -> list[str]:
    """The command of each process or container that runs in the workspace, found without the tool under test."""
    if root.env["DEV_ENGINE"] == "compose":
        argv = ["docker", "ps", "--no-trunc", "--filter", f"name=^{root.token}-", "--format", "{{.Names}} {{.Command}}"]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return list(processes.of(f"/devenv/v1/{root.token}/").values())


def required(root: Repo) -> Repo:
    """lms, where it runs for this root."""
    [lms] = root.status()["requires"]
    return Repo(Path(lms["checkout"]), root.token, root.env)


def assert_works(root: Repo, lms: str = "lms") -> None:
    """Both are healthy, and lms knows this service by the secret that it was told."""
    status = root.status()
    assert (status["healthy"], status["requires"][0]["healthy"]) == (True, True)
    assert root.fetch("/") == (200, f"{lms} knows {root.path.name}")


def follow(root: Repo, done: Done, text: str) -> Done:
    """Type the hint that holds this text."""
    [hint] = [hint for hint in done.hints if text in hint]
    door, *words = shlex.split(hint.rpartition(": ")[2])
    if door == "make":
        return Repo(Path(words[1]), root.token, root.env).ok(words[2], *shlex.split(words[3].removeprefix("ARGS=")))
    return root.ok(*words, door=door)


def in_workspace(root: Repo, name: str) -> Repo:
    """The same checkout in another workspace."""
    return replace(root, token=name, env={**root.env, "DEV_WORKSPACE": name})
