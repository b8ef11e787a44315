"""The cells of the CI matrix: on each machine that people have, README's first command and the verbs of a day.

make test-all ARGS="tests/machines/test_cells.py -k podman"
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPO, python_of
from tests.machines import company, proxy
from tests.machines.variants import AsUser, owner, variant
from tests.verbs import machine
from tests.verbs.repo import Done, Repo

SYSTEM = Path("/etc/ssl/certs/ca-certificates.crt")
DAILY = [
    ["dev.status"],
    ["dev.logs", "--tail", "1"],
    ["dev.run", "--", "touch", "made"],
    ["dev.run", "--", "python", "manage.py", "check"],
    ["dev.test"],
    ["dev.migrate"],
    ["dev.seed", "default"],
    ["dev.snapshot", "kept"],
    ["dev.reset"],
    ["dev.restore", "kept"],
    ["dev.edit", "lms"],
    ["dev.restart"],
    ["dev.down"],
    ["dev.up"],
]


@dataclass
class Machine:
    """A clone of the template on a machine. `wrapper` is before each command, `service` too before a service's."""

    path: Path
    engine: str
    wrapper: tuple[str, ...] = ()
    service: tuple[str, ...] = ()

    def run(self, *argv: str) -> Done:
        done = subprocess.run([*self.wrapper, *argv], cwd=self.path, capture_output=True, text=True)
        return Done(done.returncode, done.stdout, done.stderr)

    @property
    def shop(self) -> Repo:
        repo = AsUser(self.path / "build/demo/shop", "shop")
        repo.wrapper = (*self.wrapper, *self.service)
        return repo

    def database(self) -> list[str]:
        """The id of the container with the shop's data; nothing without containers."""
        if self.engine != "compose":
            return []
        labels = {"project": self.shop.project("shop", os.environ["DEV_WORKSPACE"]), "service": "db"}
        filters = [word for key in labels for word in ("--filter", f"label=com.docker.compose.{key}={labels[key]}")]
        return self.run("docker", "ps", "--all", "--quiet", *filters).stdout.split()


def behind_a_proxy(patch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        patch.setenv(name, url)
    for name in ("no_proxy", "NO_PROXY"):
        patch.delenv(name, raising=False)


def own_authority(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Known by one variable alone. Next to it are those of the system, for the indexes of packages."""
    for name in [name for name in os.environ if name.endswith(("_CA_BUNDLE", "_CA_CERTS", "SSL_CAINFO", "PIP_CERT"))]:
        patch.delenv(name)
    patch.delenv("SSL_CERT_DIR", raising=False)
    bundle = company.authority(folder, "127.0.0.1")
    bundle.write_bytes(bundle.read_bytes() + SYSTEM.read_bytes())
    patch.setenv("SSL_CERT_FILE", str(bundle))


def first_on_the_path(python: Path, folder: Path) -> str:
    """The path of a machine with this python3, and with nothing of ours."""
    folder.mkdir()
    (folder / "python3").symlink_to(python)
    return f"{folder}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def newest() -> Path:
    """Python 3.14: on Debian, where no release has it, from its unstable suite."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return python_of("3.14")
    folder = Path("/opt/devenv-python")
    subprocess.run([REPO / "tests/kit/python.sh", folder], check=True)
    return folder / "bin/python3"


def with_python(name: str, folder: Path, patch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The template's own set-up needs a newer Python than its services do. Returns what is before their commands."""
    template, service = (find() for find in PYTHONS[name])  # both before the path is another one
    patch.setenv("PATH", first_on_the_path(template, folder / "template"))
    return ("env", f"PATH={first_on_the_path(service, folder / 'service')}")


PYTHONS = {"oldest": (lambda: python_of("3.10"), lambda: python_of("3.9")), "newest": (newest, newest)}
CELLS = [
    ("plain", "native"),
    ("plain", "compose"),
    ("hardened", "native"),
    ("hardened", "compose"),
    ("proxied", "compose"),
    ("authority", "compose"),
    ("portable", "native"),
    ("oldest", "native"),
    ("newest", "native"),
    ("rootless", "compose"),
    ("podman", "compose"),
]


@pytest.fixture(
    params=[
        pytest.param(each, id="-".join(each), marks=[pytest.mark.engine] if each[1] == "compose" else [])
        for each in CELLS
    ]
)
def cell(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path: Path,
    reachable: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Machine]:
    name, engine = request.param
    # Before the clone: the modes of the template's files are those of the generated ones.
    token, before = f"t{uuid.uuid4().hex[:8]}", os.umask(0o077 if name == "hardened" else 0o022)
    monkeypatch.setenv("DEV_ENGINE", engine)
    monkeypatch.setenv("DEV_WORKSPACE", token)
    found = Machine(reachable / "clone", engine)
    subprocess.run(["git", "clone", "--quiet", template, found.path], check=True)
    if name in ("rootless", "podman"):
        found.wrapper = variant(name, reachable, monkeypatch)
        subprocess.run(["chown", "-R", f"{owner(found.wrapper)}:", reachable], check=True)
    with ExitStack() as stack:
        stack.callback(os.umask, before)
        if name == "proxied":
            company_proxy = stack.enter_context(proxy.running(proxy.bridge()))
            behind_a_proxy(monkeypatch, company_proxy.url)
        if name == "authority":
            own_authority(monkeypatch, tmp_path)
        if name == "portable":
            monkeypatch.setenv("DEVENV_PORTABLE", "1")
        if name in PYTHONS:
            found.service = with_python(name, tmp_path, monkeypatch)
        if name == "hardened":
            monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        yield found
        found.run("make", "demo", "ARGS=--remove")
        if engine == "compose":
            machine.remove_by_force(token)


def test_ci_runs_every_cell() -> None:
    jobs = yaml.safe_load((REPO / ".github/workflows/ci.yml").read_text())["jobs"]
    included = [each["cell"] for each in jobs["machines"]["strategy"]["matrix"]["include"]]
    assert {*included, *jobs["engines"]["strategy"]["matrix"]["cell"]} == {name for name, _ in CELLS}


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.xdist_group("cells")
def test_first_command_and_the_verbs_of_a_day(cell: Machine) -> None:
    done = cell.run("make", "demo")
    assert done.code == 0, done
    [lms] = cell.shop.status()["requires"]
    assert lms["healthy"], lms
    database = cell.database()
    assert len(database) == (cell.engine == "compose")
    for words in DAILY:
        cell.shop.ok(*words)
    assert cell.database() == database, "a change of the app recreated the container of its database"
    assert (cell.shop.path / "made").stat().st_uid == cell.path.stat().st_uid
    found = cell.shop.status()
    assert (found["healthy"], found["requires"][0]["healthy"]) == (True, True)
    assert cell.run("make", "demo", "ARGS=--remove").code == 0
    assert machine.left_by(os.environ["DEV_WORKSPACE"], cell.path, cell.engine) == []
