"""A package in a private git repository, over https and over ssh, as docs/private-dependencies.md says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPO, run_quietly, until
from tests.docs.test_start import code
from tests.kit import registries
from tests.kit.registries import SAYS
from tests.messages import STILL_VALID
from tests.secrets.conftest import MakePrivate, mounted, told
from tests.secrets.test_python import PROJECT, locked
from tests.verbs.fixtures import NATIVE_FIRST

GIT = "FROM base AS deps\n"
NATIVE = "native: {python: '>=3.9', install: uv sync --locked}\n"
AUTHORITIES = "export SSL_CERT_FILE=/run/secrets/ca; fi; \\\n"


def source(url: str) -> str:
    return f'{PROJECT}\n[tool.uv.sources]\nacme-greeting = {{ git = "{url}/acme/greeting.git" }}\n'


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_git_over_https(private: MakePrivate, secret: str, dockerfile: Callable[[str], str], tmp_path: Path) -> None:
    with registries.git_server(tmp_path / "git", "me", secret) as server:
        image = mounted(dockerfile("fastapi"), told("### Over https", 1, server))
        install = "RUN apt-get update && apt-get install -y --no-install-recommends git\n"
        image = image.replace(AUTHORITIES, AUTHORITIES + "    export GIT_SSL_CAINFO=/run/secrets/ca; \\\n")
        files = {"pyproject.toml": source(f"https://{server.host}"), "Dockerfile": image.replace(GIT, GIT + install)}
        repo = private(told("### Over https", 0, server) + NATIVE, files, ca=server.ca)
        # As git's own configuration has it, since the native engine passes no variable of git on.
        settings = f"[credential]\n\thelper = store\n[http]\n\tsslCAInfo = {server.ca}\n"
        (repo.home / ".gitconfig").write_text(settings)
        approved = f"protocol=https\nhost={server.host}\nusername=me\npassword={secret}\n\n"
        env = {**os.environ, **repo.env}
        subprocess.run(["git", "credential", "approve"], input=approved, env=env, text=True, check=True)
        locked(repo)
        server.asked.clear()
        repo.up(secret)
        if repo.env["DEV_ENGINE"] == "compose":  # natively, uv has the repository in its cache
            assert "/acme/greeting.git/git-upload-pack" in server.asked
        assert repo.fetch() == (200, f"{SAYS}||")
        assert f"git_login (build): git {server.host}" in repo.run("dev.doctor").stdout


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_without_containers_git_gets_a_login_that_its_helpers_do_not_have(
    private: MakePrivate, secret: str, tmp_path: Path
) -> None:
    with registries.git_server(tmp_path / "git", "me", secret) as server:
        files = {"requirements.txt": f"acme-greeting @ git+https://{server.host}/acme/greeting.git\n"}
        native = "native: {python: '>=3.9', install: pip install -r requirements.txt}\n"
        repo = private(told("### Over https", 0, server) + native, files, ca=server.ca)
        settings = f"[credential]\n\thelper = store\n[http]\n\tsslCAInfo = {server.ca}\n"
        (repo.home / ".gitconfig").write_text(settings)
        repo.env["ACME_GIT_LOGIN"] = f"machine localhost login me password {secret[::-1]}"
        failed = repo.fails(112, "dev.up")
        assert f"the secret git_login came from env ACME_GIT_LOGIN: {STILL_VALID}" in failed.hints
        assert not [hint for hint in failed.hints if "dev.run" in hint], "it would fail without the secret"
        repo.env["ACME_GIT_LOGIN"] = f"machine localhost login me password {secret}"
        repo.up(secret)
        assert repo.fetch() == (200, f"{SAYS}||")
        assert not (repo.home / ".git-credentials").exists(), "no helper of the person learns it"


BOTH = """\
FROM python:3.13-slim AS dev
RUN apt-get update && apt-get install -y --no-install-recommends git
WORKDIR /app
RUN \\
    --mount=type=secret,id=ca \\
{lines}    export HOME=/root PIP_CERT=/run/secrets/ca GIT_SSL_CAINFO=/run/secrets/ca; \\
    python -m venv /venv && /venv/bin/pip download --no-deps -d /tmp -i https://{index}/simple acme-greeting && \\
    /venv/bin/pip install git+https://{git}/acme/greeting.git
ENV PATH=/venv/bin:$PATH
"""


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["compose"], indirect=True)
def test_an_index_and_git_with_a_login_each_in_one_build(private: MakePrivate, secret: str, tmp_path: Path) -> None:
    other = f"of-the-index-{secret}"
    with (
        registries.git_server(tmp_path / "git", "me", secret) as git,
        registries.index(tmp_path / "index", "me", other) as index,
    ):
        image = BOTH.format(lines=told("### Over https", 2, git), index=index.host, git=git.host)
        authorities = tmp_path / "authorities.pem"
        authorities.write_text(git.ca.read_text() + index.ca.read_text())
        repo = private(
            told("## Declare a secret", 0, index) + told("### Over https", 0, git).partition("\n")[2],
            {"Dockerfile": image},
            ca=authorities,
        )
        repo.env["ACME_LOGIN"] = f"machine localhost login me password {other}"
        repo.env["ACME_GIT_LOGIN"] = f"machine localhost login me password {secret}"
        repo.up(secret)
        assert f"/files/{registries.WHEEL}" in index.asked
        assert repo.fetch() == (200, f"{SAYS}||")


# ---- ssh

SSHD = """\
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends git openssh-server
"""
SETTINGS = ("PasswordAuthentication=no", "StrictModes=no", "PidFile=none", "LogLevel=ERROR")


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    """A real sshd, which lets one key in, on an address that containers reach; an agent that has this key."""
    folder = tmp_path / "ssh"
    repositories = registries.package_repository(folder)
    shutil.copytree(repositories / "acme/greeting.git", repositories / "acme/again.git")
    for name in ("host", "person"):
        run_quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name)
    gateway = "{{(index .IPAM.Config 0).Gateway}}"
    address = run_quietly("docker", "network", "inspect", "bridge", "--format", gateway).stdout.strip()
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    name = f"sshd-{port}"
    run_quietly("docker", "build", "--quiet", "--tag", name, "-", input=SSHD)
    settings = [word for each in SETTINGS for word in ("-o", each)]
    sshd = ["/usr/sbin/sshd", "-D", "-e", "-p", str(port), "-o", f"ListenAddress={address}", *settings]
    keys = ["-h", "/keys/host", "-o", "AuthorizedKeysFile=/keys/person.pub"]
    start = shlex.join([*sshd, *keys])
    # Its own copies, since git and sshd want to own what they read.
    prepare = "cp -r /given /keys && chown -R root:root /keys && chmod 600 /keys/host && mkdir -p /run/sshd"
    mounts = ["--volume", f"{folder}:/given:ro", "--network", "host"]
    argv = [
        "docker",
        "run",
        "--rm",
        "--detach",
        "--name",
        name,
        *mounts,
        name,
        "sh",
        "-c",
        f"{prepare} && exec {start}",
    ]
    agent = tmp_path / "agent"
    try:
        run_quietly(*argv)
        with subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL) as running:
            try:
                assert until(agent.exists)
                env = {**os.environ, "SSH_AUTH_SOCK": str(agent)}
                run_quietly("ssh-add", "-q", folder / "person", env=env)
                assert until(lambda: answers(address, port)), run_quietly("docker", "logs", name).stderr
                yield SshServer(f"{address}:{port}", agent, folder / "host.pub", folder / "person")
            finally:
                running.terminate()
    finally:
        for command in (["rm", "--force", name], ["image", "rm", "--force", name]):
            subprocess.run(["docker", *command], capture_output=True, check=False)


@dataclass(frozen=True)
class SshServer:
    """The address of a running sshd, the socket of the agent, the server's public key, and the person's private key."""

    host: str
    agent: Path
    public: Path
    key: Path


def answers(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), 1) as connection:
        return connection.recv(3) == b"SSH"
    return False


@pytest.mark.engine
@pytest.mark.slow
def test_git_over_ssh(private: MakePrivate, dockerfile: Callable[[str], str], ssh_server: SshServer) -> None:
    _, prepare, line = [code("private-dependencies", "### Over ssh")[at] for at in range(3)]
    image = mounted(dockerfile("fastapi"), line)
    url = f"ssh://root@{ssh_server.host}/keys/repositories"
    files = {
        "pyproject.toml": source(url),
        "Dockerfile": image.replace(GIT, GIT + prepare),
    }
    repo = private(code("private-dependencies", "### Over ssh")[0] + NATIVE, files)
    address, _, port = ssh_server.host.partition(":")
    (scan,) = re.findall(r"^`(ssh-keyscan .*)`", (REPO / "docs/private-dependencies.md").read_text(), re.M)
    run_quietly("sh", "-c", scan.replace("git.example.org", f"-p {port} {address}"), cwd=repo.path)
    key = ssh_server.public.read_text().split()[1]
    assert key in (repo.path / "known_hosts").read_text(), "what the server's owner publishes"
    # As git's own configuration has it, since ssh takes the home from the account.
    (repo.home / ".gitconfig").write_text(
        f'[core]\n\tsshCommand = "ssh -o UserKnownHostsFile={repo.path}/known_hosts -o StrictHostKeyChecking=yes"\n'
    )
    repo.env["SSH_AUTH_SOCK"] = str(ssh_server.agent)
    locked(repo)
    if repo.env["DEV_ENGINE"] == "compose":
        repo.env["SSH_AUTH_SOCK"] = ""
        failed = repo.fails(110, "dev.up")
        assert "ssh agent" in failed.error
        assert failed.commands == []
        repo.env["SSH_AUTH_SOCK"] = str(ssh_server.agent)
    middle = ssh_server.key.read_text().splitlines()[2]
    repo.up(middle)
    assert repo.fetch() == (200, f"{SAYS}||")

    added = repo.ok("dev.add", f"acme-greeting @ git+{url}/acme/again.git")
    assert "acme/again.git" in (repo.path / "uv.lock").read_text()
    assert repo.fetch() == (200, f"{SAYS}||")
    assert repo.left(middle, added) == []
    seen = repo.ok("dev.run", "--", "python", "-c", "import os; print('SSH_AUTH_SOCK' in os.environ)").stdout
    assert seen.strip() == str(repo.env["DEV_ENGINE"] == "native"), "only builds and the package manager get the agent"
