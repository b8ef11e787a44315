"""Without containers: the environment of the lock file is never touched, whatever installer a service has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.base.errors import DevError
from devenv.engines.interface import Place
from devenv.engines.native import app_environment
from devenv.engines.native.servers import server
from devenv.model import libraries, lockfiles, services
from devenv.model.libraries import Declared
from tests import libs
from tests.conftest import need, run_quietly

# Two that leave what is there, if it satisfies the requirements.
INSTALLERS = ("uv pip install --quiet -r requirements.txt", "python -m pip install --quiet -r requirements.txt")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return libs.python_library(tmp_path / "greeting")


@pytest.fixture(params=INSTALLERS)
def place(request: pytest.FixtureRequest, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A service with the library's release in requirements.txt, built."""
    root = tmp_path / "service"
    root.mkdir()
    libs.release(library, root / "wheels")
    (root / "requirements.txt").write_text("--find-links wheels\ngreeting==1.0.0\n")
    monkeypatch.chdir(root)  # as in every command
    native = {"python": f"=={sys.version_info[0]}.{sys.version_info[1]}", "install": request.param}
    place = Place(root, "main", "service", "app", "compose.yaml", "", {}, {}, {}, "devenv-main", native)
    app_environment.make(place)
    return place


def edited(place: Place, library: Path, declared: Declared | None = None) -> Place:
    return place._replace(libraries={"greeting": libraries.library(place.root, "greeting", library, declared)})


def files(place: Place) -> dict[str, tuple[int, int]]:
    """The environment's files, apart from what Python writes while it runs."""
    found = [path for folder in app_environment.parts_of(place) for path in folder.rglob("*") if path.is_file()]
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in found if "__pycache__" not in str(path)
    }


def text(place: Place) -> str:
    env = app_environment.variables(place)
    argv = ["python", "-c", "import greeting; print(greeting.TEXT)"]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout.strip()


def test_the_environment_of_the_lock_file_stays_as_it_is(place: Place, library: Path) -> None:
    before = files(place)
    libs.say(library, "edited")
    libs.declare(library, needs=["six"])
    with_library = edited(place, library)
    assert not app_environment.is_made(with_library)
    app_environment.make(with_library)
    assert app_environment.is_made(with_library)
    assert (text(with_library), text(place)) == ("edited", "released")
    assert files(place) == before
    assert app_environment.is_made(place)
    assert app_environment.variables(with_library)["DEV_LIBRARIES"] == str(library)
    assert "DEV_LIBRARIES" not in app_environment.variables(place)


def test_a_declared_command_installs_and_removes(place: Place, library: Path, tmp_path: Path) -> None:
    mark = tmp_path / "installed"
    (library / "src/Makefile").write_text(f"install:\n\tpwd >{mark}\nuninstall:\n\trm {mark}\nwrong:\n\tfalse\n")
    how = Declared(path="src", install=("make", "install"), remove=("make", "uninstall"))
    with_library = edited(place, library, how)
    app_environment.make(with_library)
    assert mark.read_text().strip() == str(library / "src")
    app_environment.undo(with_library, with_library.libraries["greeting"])
    assert not mark.exists()
    with pytest.raises(DevError, match="greeting could not be installed from") as error:
        app_environment.make(edited(place, library, how._replace(install=("make", "wrong"))))
    assert error.value.code == 112
    assert error.value.hints[-1] == "to go back: inv dev.use greeting"
    assert os.listdir(tmp_path / "service/.dev/local/native/edited") == ["main"]


# ---- Node

MANAGERS = {
    # its package in the registry, the command that writes the lock file, the one that installs from it
    "npm": ("", "npm install --package-lock-only", "npm ci"),
    "pnpm": ("pnpm@10", "pnpm install --lockfile-only", "pnpm install --frozen-lockfile"),
    "yarn classic": ("yarn@1", "yarn install", "yarn install --frozen-lockfile"),
    "yarn": ("@yarnpkg/cli-dist@4", "yarn install", "yarn install --immutable"),
}


NIGHTLY = ("npm", "yarn")  # npm: test_node.py has it, too


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow if name in NIGHTLY else ()) for name in MANAGERS])
def node_place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A service for Node with the library's release in its lock file, built by a package manager."""
    need("node")
    package, lock, install = MANAGERS[request.param]
    root, manager = tmp_path / "service", tmp_path / "manager"
    libs.node_library(tmp_path / "greeting")
    (root / "wheels").mkdir(parents=True)
    run_quietly("npm", "pack", "--pack-destination", root / "wheels", cwd=tmp_path / "greeting")
    needs = {"dependencies": {"greeting": "file:./wheels/greeting-1.0.0.tgz"}}
    (root / "package.json").write_text(json.dumps({"name": "service", "private": True, "type": "module", **needs}))
    (root / ".yarnrc.yml").write_text("nodeLinker: node-modules\nenableTelemetry: false\nenableGlobalCache: false\n")
    if package:
        run_quietly("npm", "install", "--prefix", manager, package)
    monkeypatch.setenv("PATH", f"{manager}/node_modules/.bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(root)
    run_quietly(*lock.split())
    native = {"node": ">=18", "install": install}
    place = Place(root, "main", "service", "app", "compose.yaml", "", {}, {}, {}, "devenv-main", native)
    app_environment.make(place)
    return place


def test_a_link_takes_the_place_of_a_package_of_any_manager(node_place: Place, tmp_path: Path) -> None:
    def text() -> str:
        argv = ["node", "--input-type=module", "--eval", "console.log((await import('greeting')).TEXT)"]
        return run_quietly(*argv, cwd=node_place.root).stdout.strip()

    def installed() -> dict[str, str]:
        return {
            str(path): os.readlink(path) if path.is_symlink() else ""
            for path in (node_place.root / "node_modules").rglob("*")
        }

    before, locks = installed(), {path: path.read_bytes() for path in node_place.root.glob("*lock*")}
    assert lockfiles.language_of(node_place.root, "greeting") == "node"
    with_library = edited(node_place, tmp_path / "greeting")
    app_environment.make(with_library)
    libs.say_node(tmp_path / "greeting", "edited")
    assert text() == "edited"
    app_environment.make(with_library)
    app_environment.make(node_place)
    assert text() == "released"
    assert installed() == before
    assert {path: path.read_bytes() for path in node_place.root.glob("*lock*")} == locks


def test_a_server_is_not_restarted_when_a_library_is_edited(library: Path, tmp_path: Path) -> None:
    """It gets nothing of the app's environment, whose folder changes."""
    (tmp_path / "compose.yaml").write_text("services: {db: {image: postgres:17}}\n")
    found = services.load(tmp_path / "compose.yaml", {})
    native = {"python": ">=3.9"}
    place = Place(
        *(tmp_path, "main", "service", "app", "compose.yaml", ""), found, {"DB_PORT": "1"}, {}, "devenv-main", native
    )
    commands = [server.Server(each, found["db"]).inside("postgres") for each in (place, edited(place, library))]
    assert commands[0].fingerprint == commands[1].fingerprint
    apps = [app_environment.variables(each)["PATH"] for each in (place, edited(place, library))]
    assert apps[0] != apps[1]
