"""What builds and edited libraries get on the engines of an ordinary user: secrets, the ssh agent, a checkout."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import until
from tests.machines.conditions import COMPOSE_YAML, DEV_YAML, SMALL
from tests.machines.variants import ENGINES, AsUser, owner, variant
from tests.verbs import machine

# Asks the agent for its keys, as `ssh-add -l` does: the answer has their number after four bytes of length and a type.
ASK = """\
import os, socket
agent = socket.socket(socket.AF_UNIX)
agent.connect(os.environ["SSH_AUTH_SOCK"])
agent.sendall(bytes([0, 0, 0, 1, 11]))
print(agent.recv(9)[8], "keys")
"""
KEYS = "1 keys"
DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /app
RUN --mount=type=bind,source=ask.py,target=/ask.py --mount=type=ssh \\
    --mount=type=secret,id=token,target=/run/token \\
    mkdir /seen && python /ask.py >/seen/keys && wc -c </run/token >/seen/token
COPY --chmod=755 . .
"""
MORE = """\
secrets: {token: {for: [build, run], from: [{env: TOKEN_OF_MINE}]}}
ssh: true
libraries: {theme: {install: cp text.txt /seen/theme}}
commands: {add: python ask.py}
"""


@pytest.fixture
def small(
    request: pytest.FixtureRequest,
    bake: Callable[..., Path],
    template: Path,
    reachable: Path,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AsUser]:
    """A service of a few lines and a library next to it, with an ssh agent that has one key."""
    token = f"t{uuid.uuid4().hex[:8]}"
    repo = AsUser(bake("bare", into=reachable, service=token, port=free_port), token)
    text = DEV_YAML.format(token=token, port=free_port).replace('"1.0"', '"1.5"') + MORE
    written = {
        "compose.yaml": COMPOSE_YAML.replace("SERVICE", token),
        "Dockerfile": DOCKERFILE,
        "server.py": SMALL,
        "ask.py": ASK,
    }
    for name, content in {"dev.yaml": text, **written}.items():
        (repo.path / name).write_text(content)
    (reachable / "theme").mkdir()
    (reachable / "theme/text.txt").write_text("one\n")
    shutil.copytree(template, reachable / "tools", symlinks=True)
    repo.wrapper = variant(request.param, reachable, monkeypatch)
    subprocess.run(["chown", "-R", f"{owner(repo.wrapper)}:", reachable], check=True)
    key, agent = reachable / "key", reachable / "agent"
    repo.env.update(
        DEV_ENGINE="compose",
        DEV_NETWORK=f"devenv-{token}",
        DEVENV_TOOLS=str(reachable / "tools"),
        TOKEN_OF_MINE="12345",
        SSH_AUTH_SOCK=str(agent),
    )
    subprocess.run([*repo.wrapper, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with subprocess.Popen([*repo.wrapper, "ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL) as running:
        try:
            assert until(agent.exists)
            add = [*repo.wrapper, "env", f"SSH_AUTH_SOCK={agent}", "ssh-add", "-q", key]
            subprocess.run(add, check=True)
            yield repo
        finally:
            repo.run("dev.destroy", "--yes")
            machine.remove_by_force(token)
            running.terminate()


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.xdist_group("cells")
@pytest.mark.parametrize("small", ENGINES, indirect=True)
def test_secrets_the_agent_and_an_edited_library(small: AsUser) -> None:
    def seen(name: str) -> str:
        return small.ok("dev.run", "--", "cat", f"/seen/{name}").stdout.strip()

    if "podman" in small.wrapper:
        assert "asks for your ssh agent" in small.fails(110, "dev.up").error
        small.edit("Dockerfile", " --mount=type=ssh", "")
        small.edit("Dockerfile", "python /ask.py >/seen/keys && ", "")
    small.ok("dev.up")
    assert "podman" in small.wrapper or seen("keys") == KEYS
    assert seen("token") == "5"
    assert small.ok("dev.run", "--", "cat", "/run/secrets/token").stdout == "12345"
    assert KEYS in small.ok("dev.add", "anything").stderr.splitlines(), "the package manager gets the agent"
    small.ok("dev.edit", "theme", "../theme")
    assert seen("theme") == "one"
    subprocess.run([*small.wrapper, "sh", "-c", f"echo two >{small.path.parent}/theme/text.txt"], check=True)
    small.ok("dev.up")
    assert seen("theme") == "two"
    small.ok("dev.use", "theme")
    assert small.run("dev.run", "--", "test", "-e", "/seen/theme").code == 1
