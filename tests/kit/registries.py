"""Private registries on 127.0.0.1, each behind a login and a certificate of its own authority.

Real uv, pip, npm and git install from them. `asked` has the paths that were answered, so that a test can tell that an
installation came from here.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import os
import ssl
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.conftest import run_quietly
from tests.gitrepo import commit, git

PACKAGE = "acme-greeting"  # what each of them has, version 1.0.0
WHEEL = "acme_greeting-1.0.0-py3-none-any.whl"
SAYS = "hello from acme"
CODE = f"def text():\n    return {SAYS!r}\n"
METADATA = f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0.0\n"


@dataclass
class Server:
    """A running registry. `ca`: the file with the authority that signed its certificate."""

    port: int
    ca: Path
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"  # a name: pip cannot check the certificate of an address


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers only with the right `Authorization`; `wanted` is the whole header."""

    protocol_version = "HTTP/1.1"
    wanted: ClassVar[str]
    server_of: ClassVar[Server]

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.wanted:
            self.server_of.refused.append(self.path)
            self.answer(401, b"login needed", "text/plain", {"WWW-Authenticate": 'Basic realm="acme"'})
            return
        self.server_of.asked.append(self.path)
        self.respond()

    def do_HEAD(self) -> None:
        self.do_GET()

    def respond(self) -> None:
        raise NotImplementedError

    def answer(self, code: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the log of the test would have it."""


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


@contextmanager
def index(folder: Path, login: str, password: str) -> Iterator[Server]:
    """A Python index (PEP 503) at /simple/, with one wheel."""
    built = wheel()
    digest = hashlib.sha256(built).hexdigest()

    class Index(Handler):
        wanted = basic(login, password)

        def respond(self) -> None:
            link = f'<a href="/files/{WHEEL}#sha256={digest}">{WHEEL}</a>'
            pages = {
                f"/simple/{PACKAGE}/": (f"<!DOCTYPE html><html><body>{link}</body></html>".encode(), "text/html"),
                f"/files/{WHEEL}": (built, "application/octet-stream"),
            }
            body, kind = pages.get(self.path, (b"", ""))
            self.answer(200 if body else 404, body or b"nothing here", kind or "text/plain")

    with serving(folder, Index) as server:
        yield server


def wheel() -> bytes:
    """A wheel of one module."""
    files = {
        "acme_greeting.py": CODE,
        "acme_greeting-1.0.0.dist-info/METADATA": METADATA,
        "acme_greeting-1.0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    listed = "".join(f"{name},{_record(text)}\n" for name, text in files.items())
    files["acme_greeting-1.0.0.dist-info/RECORD"] = f"{listed}acme_greeting-1.0.0.dist-info/RECORD,,\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # no time: the same bytes each time
    return packed.getvalue()


def _record(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(text)}"


@contextmanager
def npm(folder: Path, token: str) -> Iterator[Server]:
    """An npm registry with @acme/greeting."""
    packed = tarball()

    class Npm(Handler):
        wanted = f"Bearer {token}"

        def respond(self) -> None:
            if self.path.endswith(".tgz"):
                self.answer(200, packed, "application/octet-stream")
            else:
                self.answer(200, json.dumps(self.packument()).encode(), "application/json")

        def packument(self) -> dict[str, object]:
            dist = {
                "tarball": f"https://{self.server_of.host}/@acme/greeting/-/greeting-1.0.0.tgz",
                "integrity": "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode(),
                "shasum": hashlib.sha1(packed).hexdigest(),
            }
            version = {"name": "@acme/greeting", "version": "1.0.0", "main": "index.js", "dist": dist}
            return {"name": "@acme/greeting", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}

    with serving(folder, Npm) as server:
        yield server


def tarball() -> bytes:
    """An npm package of one module."""
    files = {
        "package/package.json": json.dumps({"name": "@acme/greeting", "version": "1.0.0", "main": "index.js"}),
        "package/index.js": f"exports.text = () => {json.dumps(SAYS)};\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


@contextmanager
def git_server(folder: Path, login: str, password: str) -> Iterator[Server]:
    """A git server over https (git http-backend), with the Python package at /acme/greeting.git."""
    repositories = package_repository(folder)
    backend = Path(run_quietly("git", "--exec-path").stdout.strip(), "git-http-backend")

    class Git(Handler):
        wanted = basic(login, password)

        def do_POST(self) -> None:
            self.do_GET()

        def respond(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            env = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run([str(backend)], input=body, capture_output=True, env=env, check=True)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            code = int(headers.pop("Status", "200").split()[0])
            self.answer(code, content, headers.pop("Content-Type", "text/plain"), headers)

    with serving(folder, Git) as server:
        yield server


def package_repository(folder: Path) -> Path:
    """A folder with acme/greeting.git, bare, with the Python package in it."""
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "acme_greeting.py").write_text(CODE)
    (source / "pyproject.toml").write_text(
        f'[project]\nname = "{PACKAGE}"\nversion = "1.0.0"\n\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    # The smallest build backend, so that the build of the package downloads nothing.
    (source / "backend.py").write_text(BACKEND.format(name=WHEEL, content=base64.b64encode(wheel()).decode()))
    git(source, "init", "--quiet", "--initial-branch=main")
    commit(source, "first")
    bare = folder / "repositories/acme/greeting.git"
    run_quietly("git", "clone", "--quiet", "--bare", source, bare)
    return folder / "repositories"


BACKEND = """\
import base64, pathlib


def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path(folder, "{name}").write_bytes(base64.b64decode("{content}"))
    return "{name}"
"""


@contextmanager
def serving(folder: Path, handler: type[Handler]) -> Iterator[Server]:
    """A handler behind TLS, on a free port."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, chain, key = certificate(folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        handler.server_of = server = Server(listening.server_address[1], authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            listening.shutdown()


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    """An authority, and a certificate for 127.0.0.1 with its key."""
    authority, authority_key, chain, key = (folder / name for name in ("ca.pem", "ca.key", "server.pem", "server.key"))
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
    run_quietly(*new, "-subj", "/CN=Acme authority", *ca, "-keyout", authority_key, "-out", authority)
    signed = ["-CA", authority, "-CAkey", authority_key, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    server = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"]
    run_quietly(*new, "-subj", "/CN=127.0.0.1", *signed, *server, "-keyout", key, "-out", chain)
    return authority, chain, key
