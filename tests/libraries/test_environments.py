"""Without containers: the environment of the lock file is never touched, whatever installer a service has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.base.errors import DevError
from devenv.engines.interface import Place
from devenv.engines.native import app_environment
from devenv.model import libraries
from devenv.model.libraries import Declared
from tests import libs

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
    assert "inv dev.use greeting" in error.value.hints[0]
    assert os.listdir(tmp_path / "service/.dev/local/native/edited") == ["main"]
