"""A base image in a registry that asks for a login, as docs/private-dependencies.md says."""

from __future__ import annotations

import base64
import os
import subprocess
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import another_port, need, run_quietly, until
from tests.docs.test_start import page
from tests.secrets.conftest import MakePrivate
from tests.verbs.fixtures import COMPOSE

EXAMPLE = "registry.example.org"
CONFIG = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/images}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: acme, path: {folder}/htpasswd}}}}
"""


@contextmanager
def registry(folder: Path, port: int, password: str) -> Iterator[str]:
    """The host of a registry that `me` may read with the password."""
    (folder / "htpasswd").write_text(f"me:{bcrypt(password)}\n")
    (folder / "registry.yml").write_text(CONFIG.format(folder=folder, port=port))
    with (folder / "registry.log").open("w") as log:
        server = subprocess.Popen(["docker-registry", "serve", folder / "registry.yml"], stdout=log, stderr=log)
    try:
        assert until(lambda: status(port) == 401), (folder / "registry.log").read_text()
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def bcrypt(password: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        crypt = pytest.importorskip("crypt", reason="Python 3.13 has no crypt")
    return str(crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH)))


def status(port: int) -> int:
    try:
        return int(urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=30).status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_a_private_base_image(private: MakePrivate, secret: str, tmp_path: Path, shared: Path) -> None:
    need("docker-registry")
    (login,) = page("private-dependencies")["Begin with a private base image"]
    config = tmp_path / "docker"
    config.mkdir()
    with registry(tmp_path, another_port(shared), secret) as host:
        image = f"{host}/acme/python:3.13"
        repo = private("", {"Dockerfile": f"FROM {image} AS dev\nWORKDIR /app\n"})
        repo.env["DOCKER_CONFIG"] = str(config)
        env = {**os.environ, **repo.env}
        typed = [*login.replace(EXAMPLE, host).split(), "--username", "me", "--password-stdin"]
        run_quietly(*typed, input=secret, env=env)
        run_quietly("docker", "tag", "python:3.13-slim", image)
        try:
            run_quietly("docker", "push", "--quiet", image, env=env)
        finally:
            run_quietly("docker", "rmi", image)
        (config / "config.json").rename(config / "away")
        assert repo.run("dev.up").code == 112, "without the login it cannot be pulled"
        (config / "away").rename(config / "config.json")
        assert base64.b64encode(f"me:{secret}".encode()).decode() in (config / "config.json").read_text()
        repo.up(secret)
        assert repo.fetch()[0] == 200
