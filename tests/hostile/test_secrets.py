"""The machine's secrets are planted, and then searched for in everything that dev.up makes, starts and prints."""

from __future__ import annotations

import base64
import functools
import gzip
import http.server
import json
import os
import subprocess
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.small import APP, CONFIG, SHARED
from tests.gitrepo import commit, git
from tests.verbs import machine
from tests.verbs.fixtures import ENGINES
from tests.verbs.repo import Done, Repo

PAGE = """
import http.server, os
http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler)\\
    .serve_forever()
"""
# Another service that keeps the protocol, and nothing more.
RECIPE = """\
.PHONY: dev.up dev.status dev.seed dev.down dev.destroy
dev.up dev.status dev.seed dev.down dev.destroy:
\t@echo '{"service": "evil", "url": "http://evil.localhost:21500", "internal_url": "http://evil:21500", \
"healthy": true, "data": "1"}'
"""


class Planted(NamedTuple):
    """A service that is not up yet, on a machine with secrets; `secrets` by where they are."""

    repo: Repo
    folder: Path
    secrets: dict[str, str]


@pytest.fixture(params=ENGINES)
def planted(
    request: pytest.FixtureRequest, bake: Callable[..., Path], tmp_path: Path, free_port: int
) -> Iterator[Planted]:
    token = f"t{uuid.uuid4().hex[:8]}"
    kinds = ("helper", "rewritten", "dotenv", "shell", "authority", "netrc")
    secrets = {kind: f"{kind}-{uuid.uuid4().hex}" for kind in kinds}
    with private_server(tmp_path, secrets) as (direct, rewritten):
        home = tmp_path / "home"
        home.mkdir()
        (home / ".git-credentials").write_text(f"http://ada:{secrets['helper']}@{direct}\n")
        (home / ".netrc").write_text(f"machine example.org login ada password {secrets['netrc']}\n")
        (home / ".gitconfig").write_text(
            f"[credential]\n\thelper = store\n[user]\n\tname = a\n\temail = a@example.org\n"
            f'[url "http://ada:{secrets["rewritten"]}@{rewritten}/"]\n\tinsteadOf = https://git.example.org/\n'
        )
        (tmp_path / "ca.pem").write_text(f"# {secrets['authority']}\n")
        repo = Repo(service(bake, tmp_path, token, free_port, direct, secrets), token)
        repo.env.update(
            DEV_ENGINE=request.param, DEV_WORKSPACE=token, HOME=str(home), CA_BUNDLE=str(tmp_path / "ca.pem")
        )
        repo.env.update({f"XDG_{kind}_HOME": str(tmp_path / "machine" / kind) for kind in ("STATE", "CONFIG")})
        repo.env["DEPLOY_TOKEN"] = secrets["shell"]
        yield Planted(repo, tmp_path, secrets)
        repo.run("dev.destroy", "--yes")
        if request.param == "compose":
            machine.remove_by_force(token)


@contextmanager
def private_server(folder: Path, secrets: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Two repositories behind a password: hosts with ports, for the helper and for the rewritten address."""

    def handler(password: str) -> type[http.server.SimpleHTTPRequestHandler]:
        expected = f"Basic {base64.b64encode(f'ada:{password}'.encode()).decode()}"

        class Private(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Authorization") == expected:
                    return super().do_GET()
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic realm=private")
                self.end_headers()
                return None

            def log_message(self, *words: object) -> None:
                pass

        return Private

    evil = folder / "src"
    evil.mkdir()
    git(evil, "init", "-q", "-b", "main")
    (evil / "dev.yaml").write_text("contract: '1.3'\nservice: evil\napp: app\nport: 21500\n")
    (evil / "Makefile").write_text(RECIPE)
    commit(evil)
    git(evil, "tag", "v1.0.0")
    git(evil, "clone", "-q", "--bare", str(evil), str(folder / "web/team/evil.git"))
    git(folder / "web/team/evil.git", "update-server-info")
    servers = []
    for kind in ("helper", "rewritten"):
        of = functools.partial(handler(secrets[kind]), directory=str(folder / "web"))
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), of))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
    direct, rewritten = (f"127.0.0.1:{server.server_port}" for server in servers)
    yield direct, rewritten
    for server in servers:
        server.shutdown()
        server.server_close()


def service(
    bake: Callable[..., Path], folder: Path, token: str, port: int, direct: str, secrets: dict[str, str]
) -> Path:
    path = bake("bare", into=folder, service=token, port=port)
    requires = {"evil": {"repo": f"http://{direct}/team/evil.git", "version": "v1.0.0"}}
    config = CONFIG.format(service=token, port=port)
    (path / "dev.yaml").write_text(f"{config}native: {{python: '>=3.9'}}\nrequires: {json.dumps(requires)}\n")
    (path / "compose.yaml").write_text(APP.format(command="python page.py", service=token) + SHARED)
    (path / "requirements.txt").write_text("")
    (path / "page.py").write_text(PAGE)
    (path / ".env").write_text(f"UNUSED_KEY={secrets['dotenv']}\n")
    return path


def test_no_secret_of_the_machine_is_anywhere(planted: Planted) -> None:
    done, seen = sampled(planted)
    assert done.code == 0, done
    assert found(planted, done, seen) == []


def test_a_rewritten_address_is_not_shown_or_kept(planted: Planted) -> None:
    """git itself shows the password to other users, in the arguments of the helper that it starts: docs/security.md."""
    page = planted.repo.path / "dev.yaml"
    page.write_text(page.read_text().partition("requires: ")[0])
    requires = {"evil": {"repo": "https://git.example.org/team/evil.git", "version": "v1.0.0"}}
    with page.open("a") as stream:
        stream.write(f"requires: {json.dumps(requires)}\n")
    done, seen = sampled(planted)
    assert done.code == 0, done
    assert (
        found(planted, done, [line for line in seen if "git-remote-http" not in line and "git remote-http" not in line])
        == []
    )
    requires["evil"]["version"] = "v9"
    page.write_text(page.read_text().replace("v1.0.0", "v9"))
    failed = planted.repo.run("dev.up", "--yes")
    assert failed.code == 111
    assert found(planted, failed, []) == []


@pytest.mark.parametrize("planted", ["native"], indirect=True)
@pytest.mark.parametrize("place", ["log", "state", "output", "ps"])
def test_what_leaks_is_found(planted: Planted, place: str) -> None:
    """The search would see it."""
    secret = planted.secrets["helper"]
    done = planted.repo.run("dev.up", "--yes")
    seen: list[str] = []
    if place == "log":
        (planted.repo.path / ".dev/local/logs/evil.log").write_text(f"x {secret}")
    elif place == "state":
        (planted.folder / "machine/STATE/leak.gz").write_bytes(gzip.compress(secret.encode()))
    elif place == "output":
        done = Done(0, "", f"cloning {secret}")
    else:
        seen = [f"1 git clone http://{secret}@x"]
    assert len(found(planted, done, seen)) == 1


@pytest.mark.parametrize("planted", [pytest.param("compose", marks=pytest.mark.engine)], indirect=True)
@pytest.mark.parametrize("place", ["layer", "inspect"])
def test_what_leaks_into_containers_is_found(planted: Planted, place: str) -> None:
    repo, secret = planted.repo, planted.secrets["shell"]
    if place == "layer":
        with (repo.path / "Dockerfile").open("a") as stream:
            stream.write(f"\nFROM dev AS leaks\n# It leaks.\nRUN echo {secret} >/tmp/leak\n")
        compose = (repo.path / "compose.yaml").read_text()
        (repo.path / "compose.yaml").write_text(compose.replace("target: dev", "target: leaks"))
    else:
        with (repo.path / "compose.yaml").open("a"):
            compose = (repo.path / "compose.yaml").read_text()
        (repo.path / "compose.yaml").write_text(
            compose.replace("      PORT: ${PORT}\n", "      PORT: ${PORT}\n      TOKEN: ${DEPLOY_TOKEN:-}\n")
        )
    repo.ok("dev.up", "--yes")
    assert any(place in where for where in found(planted, Done(0, "", ""), []))


def sampled(planted: Planted) -> tuple[Done, list[str]]:
    """dev.up, and the command lines of all processes while it runs, again and again."""
    process = planted.repo.start("dev.up", "--yes")
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.update(subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True).stdout.splitlines())
            time.sleep(0.02)

    looking = threading.Thread(target=look)
    looking.start()
    stdout, stderr = process.communicate()
    over.set()
    looking.join()
    return Done(process.returncode, stdout, stderr), sorted(seen)


def found(planted: Planted, done: Done, seen: list[str]) -> list[str]:
    """Where a secret is, apart from where it was planted."""
    where = [f"output: {kind}" for kind, s in planted.secrets.items() if s in done.stdout + done.stderr]
    where += [f"ps: {line}" for line in seen if any(s in line for s in planted.secrets.values())]
    caches = Path(os.environ["XDG_CACHE_HOME"], "devenv")
    folders = [planted.repo.path / ".dev", planted.folder / "machine", caches / "mirrors", caches / "checkouts"]
    where += [f"file: {file}: {kind}" for folder in folders for file, kind in below(folder, planted.secrets)]
    if planted.repo.env["DEV_ENGINE"] == "compose":
        return where + of_containers(planted)
    return where + [f"environment: {line}" for line in environments(planted)]


def environments(planted: Planted) -> Iterator[str]:
    """In the variables of the processes that run in the repository."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.readlink(process / "cwd") == str(planted.repo.path):
                content = (process / "environ").read_bytes()
                yield from (f"{process.name}: {kind}" for kind in kinds_in(content, planted.secrets))


def below(folder: Path, secrets: dict[str, str]) -> Iterator[tuple[str, str]]:
    for file in machine.below(folder):
        with suppress(OSError):
            yield from ((file, kind) for kind in kinds_in(Path(file).read_bytes(), secrets))


def kinds_in(content: bytes, secrets: dict[str, str]) -> list[str]:
    with suppress(OSError, EOFError):
        content += gzip.decompress(content) if content[:2] == b"\x1f\x8b" else b""
    return [kind for kind, secret in secrets.items() if secret.encode() in content]


def of_containers(planted: Planted) -> list[str]:
    """In what docker knows of our containers, images and networks, in their logs, and in the layers of the images."""
    token = planted.repo.token
    listed = {kind: machine.answer(*listing) for kind, listing in machine.NAMED.items()}
    where = []
    for kind, names in listed.items():
        for name in {name for name in names if token in name}:
            inspected = subprocess.run(["docker", kind, "inspect", name], capture_output=True).stdout
            where += [f"inspect {kind} {name}: {found}" for found in kinds_in(inspected, planted.secrets)]
            if kind == "container":
                logs = subprocess.run(["docker", "logs", name], capture_output=True)
                where += [f"logs {name}: {found}" for found in kinds_in(logs.stdout + logs.stderr, planted.secrets)]
            if kind == "image":
                where += [f"layer of {name}: {found}" for found in in_layers(planted, name)]
    return where


def in_layers(planted: Planted, image: str) -> list[str]:
    saved = planted.folder / "image.tar"
    subprocess.run(["docker", "save", "--output", saved, image], check=True)
    with tarfile.open(saved) as tar:
        contents = (tar.extractfile(member) for member in tar.getmembers() if member.isfile())
        kinds = {kind for each in contents if each for kind in kinds_in(each.read(), planted.secrets)}
    saved.unlink()
    return sorted(kinds)
