"""Templates behind HTTP: git's own program for it, and plain files, with a login or without."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import run_quietly
from tests.gitrepo import git
from tests.launcher.conftest import Machine, Template, pin
from tests.machines import company


class Host(ThreadingHTTPServer):
    """Serves the bare repositories of a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.smart = True
        self.login = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/template.git"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(self.server.login.encode()).decode()
        if self.server.login and self.headers.get("Authorization") != wanted:
            self.answer(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
        elif self.server.smart:
            self.backend()
        else:
            file = self.server.folder / self.path.partition("?")[0].lstrip("/")
            self.answer(200, file.read_bytes(), {}) if file.is_file() else self.answer(404, b"", {})

    do_POST = do_GET

    def backend(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.answer(int(headers.pop("Status", "200").split()[0]), content, headers)

    def answer(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Not on the test's output."""


@pytest.fixture
def host(small: Template) -> Iterator[Host]:
    with Host(small.bare.parent) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield host
        host.shutdown()


@pytest.mark.parametrize("version", ["0", "2"])
@pytest.mark.parametrize("any_commit", ["true", "false"])
@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_commit_behind_the_tip(
    machine: Machine, service: Path, small: Template, host: Host, version: str, any_commit: str, filters: str
) -> None:
    git(small.bare, "config", "uploadpack.allowAnySHA1InWant", any_commit)
    git(small.bare, "config", "uploadpack.allowFilter", filters)
    machine.git_set("protocol.version", version)
    pin(service, host.url, small.second)
    answer = machine.run(service)
    assert answer.commit == small.second
    assert ("fetching the whole history" in answer.err) == (version == "0" and any_commit == "false")


@pytest.mark.parametrize("which", ["second", "tip"])
def test_a_server_of_plain_files(machine: Machine, service: Path, small: Template, host: Host, which: str) -> None:
    host.smart = False
    run_quietly("git", "update-server-info", cwd=small.bare)
    pin(service, host.url, getattr(small, which))
    assert machine.run(service).commit == getattr(small, which)


def test_a_server_with_a_certificate_of_the_company(
    machine: Machine, service: Path, small: Template, host: Host, tmp_path: Path
) -> None:
    company.authority(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    host.socket = context.wrap_socket(host.socket, server_side=True, do_handshake_on_connect=False)
    pin(service, host.url.replace("http:", "https:"), small.tip)
    for name in ("GIT_SSL_CAINFO", "SSL_CERT_FILE"):
        machine.env.pop(name, None)
    machine.run(service).failed(110, "certificate")
    machine.git_set("http.sslCAInfo", str(tmp_path / "ca.pem"))
    assert machine.run(service, SSL_CERT_FILE="/etc/another.pem").commit == small.tip
    run_quietly("git", "config", "--file", machine.home / ".gitconfig", "--unset-all", "http.sslCAInfo")
    pin(service, host.url.replace("http:", "https:"), small.second)
    assert machine.run(service, SSL_CERT_FILE=str(tmp_path / "ca.pem")).commit == small.second


@pytest.mark.parametrize("version", ["0", "2"])
def test_a_commit_of_a_fork_is_refused(
    machine: Machine, service: Path, small: Template, host: Host, version: str
) -> None:
    machine.git_set("protocol.version", version)
    git(small.bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    made = small.elsewhere("refs/pull/1/head")
    pin(service, host.url, made)
    machine.run(service).failed(110, f"has the commit {made[:12]} on no branch and no tag")
    assert machine.entries == []


def test_a_login_comes_from_gits_helper(machine: Machine, service: Path, small: Template, host: Host) -> None:
    host.login = "ann:secret"
    pin(service, host.url, small.tip)
    answer = machine.run(service).failed(110, host.url, "could not read Username", "hint: check that you have access")
    assert "insteadOf" in answer.err
    machine.git_set("credential.helper", "!f() { echo username=ann; echo password=secret; }; f")
    assert machine.run(service).commit == small.tip


def test_a_login_in_the_address_is_masked(machine: Machine, service: Path, small: Template, host: Host) -> None:
    host.login = "ann:secret"
    pin(service, host.url.replace("://", "://ann:secret@"), small.tip)
    answer = machine.run(service)
    assert answer.commit == small.tip
    assert "secret" not in answer.err
    pin(service, host.url.replace("://", "://ann:wr0ng@"), small.second)
    assert "wr0ng" not in machine.run(service).failed(110, "Authentication failed").err


def test_ssh_asks_no_question(machine: Machine, service: Path, small: Template) -> None:
    machine.wrap(
        "ssh", f"""echo "$@" >>'{machine.folder}/asked'; echo 'Permission denied (publickey).' >&2; exit 255"""
    )
    pin(service, "git@git.example:team/template.git", small.tip)
    machine.run(service).failed(110, "Permission denied (publickey)", "git ls-remote git@git.example:team/template.git")
    assert "BatchMode=yes" in (machine.folder / "asked").read_text()


def test_the_persons_own_ssh_command_is_used(machine: Machine, service: Path, small: Template) -> None:
    own = machine.wrap("own-ssh", 'for last; do :; done; echo "$@" >&2; exec sh -c "$last"')
    machine.git_set("core.sshCommand", f"'{own}' -v")
    machine.git_set("ssh.variant", "ssh")
    pin(service, f"ssh://git@git.example{small.bare}", small.tip)
    assert machine.run(service).commit == small.tip
