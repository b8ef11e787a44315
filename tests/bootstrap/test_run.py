"""`.dev/run`: one POSIX shell script that needs python3 only, from anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import DEV, link_tree

STUB = "import json, sys\nprint(json.dumps({'args': sys.argv[1:], 'prefix': sys.prefix, 'path': sys.path[0]}))\n"


@pytest.fixture
def dev(tmp_path: Path, tool_venv_seed: Path) -> Path:
    """A .dev with its venv, and a tool that only says how it was called."""
    dev = tmp_path / "my services" / "cat alog" / ".dev"
    dev.mkdir(parents=True)
    for name in ("run", "bootstrap.py", "requirements.txt"):
        shutil.copy(DEV / name, dev)
    (dev / "__main__.py").write_text(STUB)
    link_tree(tool_venv_seed, dev / "local/venv")
    return dev


def run(program: object, *args: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *args], capture_output=True, text=True, check=False, **options)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_it_is_posix_sh(dev: Path, shell: str) -> None:
    if not shutil.which(shell):
        shell = "sh"
    command = [shell, "sh"] if shell == "busybox" else [shell]
    done = run(*command, str(dev / "run"), "dev.run", "--", "a b", "$HOME", "'\"", "")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["args"] == ["dev.run", "--", "a b", "$HOME", "'\"", ""]


def test_it_uses_its_own_environment_only(dev: Path, tmp_path: Path) -> None:
    hostile = {**os.environ, "PYTHONHOME": "/nonexistent", "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    said = json.loads(run(dev / "run", env=hostile).stdout)
    assert said["prefix"] == str(dev / "local/venv")
    assert said["path"] == str(dev)


def test_it_is_found_from_anywhere(dev: Path, tmp_path: Path) -> None:
    absolute, relative = tmp_path / "absolute", tmp_path / "relative"
    absolute.symlink_to(dev / "run")
    relative.symlink_to(os.path.relpath(absolute, tmp_path))
    calls = [(dev, "./run"), (dev.parent, ".dev/run"), (tmp_path, absolute), (Path("/"), relative)]
    for cwd, program in calls:
        assert json.loads(run(program, cwd=cwd).stdout)["path"] == str(dev)
    assert json.loads(run("sh", "run", cwd=dev).stdout)["path"] == str(dev)


def test_it_is_found_on_the_path(dev: Path) -> None:
    path = f"{dev}{os.pathsep}{os.environ['PATH']}"
    assert json.loads(run("run", env={**os.environ, "PATH": path}).stdout)["path"] == str(dev)


def test_changed_requirements_make_the_environment_anew(dev: Path) -> None:
    with (dev / "requirements.txt").open("a") as requirements:
        requirements.write("# changed\n")
    first, second = run(dev / "run", "first"), run(dev / "run", "second")
    assert first.stderr == f"making the tool environment in {dev}/local/venv (once) …\n"
    assert (json.loads(first.stdout)["args"], first.returncode) == (["first"], 0)
    assert (second.stderr, second.returncode) == ("", 0)


def test_its_stdout_is_the_tools_alone(dev: Path) -> None:
    shutil.rmtree(dev / "local")
    json.loads(run(dev / "run").stdout)


def test_the_tools_exit_code_passes_through(dev: Path) -> None:
    (dev / "__main__.py").write_text("raise SystemExit(112)")
    assert run(dev / "run").returncode == 112


def test_without_python3_it_says_so(dev: Path, tmp_path: Path) -> None:
    shutil.rmtree(dev / "local")
    path = tmp_path / "path"
    path.mkdir()
    for name in ("sh", "cmp"):
        (path / name).symlink_to(shutil.which(name))
    done = run(dev / "run", "dev.up", env={"PATH": str(path)})
    assert (done.returncode, done.stdout) == (110, "")
    assert done.stderr.startswith("error[110]: python3 is not on the path\nhint: ")


def test_when_the_environment_cannot_be_made_it_stops(dev: Path) -> None:
    (dev / "requirements.txt").write_text("invoke==0.0.0 --hash=sha256:" + "0" * 64 + "\n")
    done = run(dev / "run", "dev.up")
    assert (done.returncode, done.stdout) == (110, "")
    assert "error[110]: the tool environment could not be made" in done.stderr
