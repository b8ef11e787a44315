"""Services that need each other, when things happen at once or end halfway: the next dev.up mends it.

Small services on purpose, natively: what is at stake is the same on every engine, and here it takes seconds.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.examples import services
from tests.verbs import machine
from tests.verbs.repo import Repo, end

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
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()

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

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
APP = """\
services:
  app:
    build: .
    command: {command}
    ports: ["127.0.0.1:${{PORT}}:${{PORT}}"]
    env_file: [{{path: "${{DEV_ENV_FILE:-/dev/null}}", required: false}}]
    environment:
      PORT: ${{PORT}}
"""
DATABASE = """\
      DB_HOST: ${DB_HOST:-db}
      DB_PORT: ${DB_PORT:-5432}
      DB_NAME: service
      DB_USER: service
      DB_PASSWORD: development-only
    depends_on:
      db: {condition: service_healthy}
  db:
    extends: {file: .dev/compose/postgres.yaml, service: postgres}
    image: postgres:17
volumes:
  db-data: {}
"""
CONFIG = "contract: '1.0'\nservice: {service}\napp: app\nport: {port}\nbudget: {{ready: 30s}}\n"
PROVIDES = """\
commands: {migrate: python lms.py migrate}
state: [lms.py]
scenarios:
  default: {run: python lms.py default}
  client: {run: "python lms.py client {name}", params: {name: nobody}}
native: {python: ">=3.9", install: "uv pip install psycopg[binary]==3.3.9"}
"""
NEEDS = """\
native: {{python: ">=3.9"}}
requires:
  lms:
    repo: ../lms
    version: v1.0.0
    scenarios: [client: {{name: {service}}}]
    env: {{LMS_SECRET: "{{client.secret}}"}}
"""

pytestmark = pytest.mark.parametrize("engine", ["native"], indirect=True)
MakeRoot = Callable[[str], Repo]


@pytest.fixture
def make_root(bake: Callable[..., Path], engine: str, tmp_path: Path) -> MakeRoot:
    """make_root("shop") → a service that requires lms. All of them are in one workspace, and not started."""
    token = f"t{uuid.uuid4().hex[:8]}"
    needed = {"lms.py": LMS, "compose.yaml": APP.format(command="python lms.py serve") + DATABASE}
    services.release(write(bake, tmp_path, "lms", PROVIDES, needed), "v1.0.0")

    def make(service: str) -> Repo:
        files = {"shop.py": SHOP, "compose.yaml": APP.format(command="python shop.py")}
        path = write(bake, tmp_path, service, NEEDS.format(service=service), files)
        return Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})

    return make


def write(bake: Callable[..., Path], folder: Path, service: str, config: str, files: dict[str, str]) -> Path:
    path = bake("bare", into=folder, service=service, port=18300)  # a workspace of its own has other ports
    for name, text in {**files, "dev.yaml": CONFIG.format(service=service, port=18300) + config}.items():
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
    left = [thing for root in roots for thing in machine.left_by(root.token, root.path, "native")]
    assert left + processes(roots[0]) == [], said


def processes(root: Repo) -> list[str]:
    """All that runs in the workspace, found by what its processes have in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"/devenv/v1/{root.token}/".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
    return found


def required(root: Repo) -> Repo:
    """lms, where it runs for this root."""
    [lms] = root.status()["requires"]
    return Repo(Path(lms["checkout"]), root.token, root.env)


def assert_works(root: Repo) -> None:
    """Both are healthy, and lms knows this service by the secret that it was told."""
    status = root.status()
    assert (status["healthy"], status["requires"][0]["healthy"]) == (True, True)
    assert root.fetch("/") == (200, f"lms knows {root.path.name}")


# ---- at once


def test_two_roots_that_start_at_once_share_one_provider(make_root: MakeRoot) -> None:
    shop, site = make_root("shop"), make_root("site")
    with gone_after(shop, site):
        ups = [root.start("dev.up") for root in (shop, site)]
        said = [up.communicate() for up in ups]
        assert [up.returncode for up in ups] == [0, 0], said
        assert_works(shop)
        assert_works(site)
        assert len([words for words in processes(shop) if "lms.py serve" in words]) == 1
        shop.ok("dev.down")
        assert_works(site)
        site.ok("dev.down")
        assert processes(shop) == []


# ---- halfway


PLACES = {
    "while the provider is fetched": "fetching ",
    "after dev.lock was written": "shop requires lms",
    "while the provider starts": r"\$ make .* dev\.up ",
    "between the provider and the wiring": "  lms: healthy",
    "while the consumer starts": r"\$ python shop\.py",
}


# At each place once in every run, in turn alone and with all that it started; the other way round in test-all.
KILLS = [("alone", os.kill), ("group", os.killpg)]
KILLED = [
    pytest.param(place, kill, id=f"{place}, {name}", marks=[pytest.mark.slow] if (n + m) % 2 else [])
    for n, place in enumerate(PLACES)
    for m, (name, kill) in enumerate(KILLS)
]


@pytest.mark.parametrize(("place", "kill"), KILLED)
def test_up_killed(make_root: MakeRoot, place: str, kill: Callable[[int, int], None]) -> None:
    shop = make_root("shop")
    with gone_after(shop):
        kill_up(shop, re.compile(PLACES[place]), kill)
        shop.ok("dev.up")
        assert_works(shop)


def kill_up(root: Repo, place: re.Pattern[str], kill: Callable[[int, int], None]) -> None:
    """Start dev.up and kill it as soon as it prints this."""
    process = root.start("dev.up")
    assert any(place.match(line) for line in process.stderr), "dev.up ended before this place"
    end(process, kill)


# ---- data made anew


def test_a_provider_that_was_reset_is_told_of_its_consumer_again(make_root: MakeRoot) -> None:
    shop = make_root("shop")
    with gone_after(shop):
        shop.ok("dev.up")
        assert_works(shop)
        required(shop).ok("dev.reset")
        assert shop.fetch("/") == (200, "lms knows nobody")
        shop.ok("dev.up")
        assert_works(shop)
