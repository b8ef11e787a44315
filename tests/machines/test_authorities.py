"""A network with its own certificate authority, known by SSL_CERT_FILE or only to the system: a real index over TLS."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devenv.base import authorities
from devenv.required import mirrors, trust
from tests.conftest import REPO, need
from tests.gitrepo import git
from tests.machines import company, proxy
from tests.machines.company import NAME, WORDS, Server
from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo, removed_after
from tests.verbs.repo import Repo

SYSTEM = Path("/etc/ssl/certs/ca-certificates.crt")
ADDED = Path("/usr/local/share/ca-certificates")
TRUST = (*authorities.VARIABLES, "SSL_CERT_DIR", "CA_BUNDLE", "GIT_SSL_CAINFO", "UV_NATIVE_TLS", "PIP_FIND_LINKS")
MOUNT = 'mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec "$@"'
INDEX = '\n[[tool.uv.index]]\nname = "company"\nurl = "{}/simple"\n'
ASK = "import sys, urllib.request as u; u.urlopen(sys.argv[1])"


@dataclass
class InSystem(Repo):
    """A repo on a machine whose system has another file of authorities, which other processes do not see."""

    mounts: list[str] = field(default_factory=list)

    def argv(self, *words: str, door: str = "run") -> list[str]:
        return ["unshare", "--mount", "sh", "-c", MOUNT, "sh", *self.mounts, *super().argv(*words, door=door)]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person who runs the tests has set."""
    for name in TRUST:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("npm_config_globalconfig", os.devnull)


@pytest.fixture
def server(engine: str, tmp_path: Path) -> Iterator[Server]:
    host = proxy.bridge() if engine == "compose" else "127.0.0.1"
    company.authority(tmp_path, host)
    with company.serving(tmp_path, host) as found:
        yield found


def knows_by_variable(repo: Repo, folder: Path, name: str = "SSL_CERT_FILE") -> Repo:
    repo.env[name] = str(folder / "ca.pem")
    return repo


def knows_by_system(repo: Repo, folder: Path) -> Repo:
    if os.geteuid() != 0 or not SYSTEM.is_file():
        pytest.skip("only root gives one process another /etc")
    both, added = folder / "system.crt", folder / "added"
    both.write_bytes(SYSTEM.read_bytes() + (folder / "ca.pem").read_bytes())
    added.mkdir()
    shutil.copy(folder / "ca.pem", added / "company.crt")
    repo.env["XDG_CACHE_HOME"] = str(folder / "cache")  # the other processes of this machine know another system
    return InSystem(repo.path, repo.token, repo.env, [str(both), str(SYSTEM), str(added), str(ADDED)])


@pytest.mark.parametrize("knows", [knows_by_variable, knows_by_system])
def test_a_package_of_the_company_is_added_and_the_service_trusts_it(
    make_repo: MakeRepo, server: Server, tmp_path: Path, knows: object
) -> None:
    plain = make_repo(database="none")
    plain.append("pyproject.toml", INDEX.format(server.url))
    with removed_after(knows(plain, tmp_path)) as repo:  # type: ignore[operator]
        repo.ok("dev.up")
        repo.ok("dev.add", NAME)
        said = repo.ok("dev.run", "--", "python", "-c", f"import {NAME}; print({NAME}.words)")
        assert said.stdout == f"{WORDS}\n"
        repo.ok("dev.run", "--", "python", "-c", ASK, f"{server.url}/simple/{NAME}/")
        assert repo.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_node_package_of_the_company(make_repo: MakeRepo, server: Server, tmp_path: Path, engine: str) -> None:
    need("node")
    plain = make_repo("node", database="none")
    (plain.path / ".npmrc").write_text(f"@company:registry={server.url}/npm/\n")
    with removed_after(knows_by_variable(plain, tmp_path, "REQUESTS_CA_BUNDLE")) as repo:  # npm does not read it
        repo.ok("dev.up")
        repo.ok("dev.add", f"@company/{NAME}")
        assert repo.ok("dev.run", "--", "node", "-p", f"require('@company/{NAME}')").stdout == f"{WORDS}\n"


@pytest.mark.parametrize("engine", ["native"], indirect=True)
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"])
def test_a_required_repository_of_the_company(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    repo, served = tmp_path / "lms", tmp_path / "files/lms.git"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "one")
    subprocess.run(["git", "clone", "-q", "--bare", str(repo), str(served)], check=True)
    subprocess.run(["git", "-C", str(served), "update-server-info"], check=True)
    url = f"{server.url}/files/lms.git"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "check", lambda *_: None)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))  # a folder, which git cannot take
    shutil.copy(tmp_path / "ca.pem", tmp_path / f"{name}.pem")  # another path: a path is looked up once
    monkeypatch.setenv(name, str(tmp_path / f"{name}.pem"))
    head = subprocess.run(["git", "-C", str(repo), "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert mirrors.of(url, tmp_path).commit("main") == head


def test_the_launcher_knows_the_variables_that_the_tools_know() -> None:
    """It runs before the tools are there, so it cannot ask them. git's own variable is read by git itself."""
    launcher = runpy.run_path(str(REPO / "{{cookiecutter.repo_name}}/.dev/fetch.py"))
    assert [*launcher["AUTHORITIES"], "GIT_SSL_CAINFO"] == [*authorities.GIVEN]
