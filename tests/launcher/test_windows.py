"""Windows outside WSL 2: each way in refuses at once, and says what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.launcher.conftest import Answer, Machine

SAID = "error[110]: on Windows, this runs in WSL 2\nhint: wsl --install --distribution Ubuntu; then "
# A Python that says it is one of Windows, before the program at the path runs.
AS_ON_WINDOWS = """
import pathlib, shutil, sys
sys.platform, sys.argv, sys.modules["fcntl"] = {platform!r}, {argv!r}, None
exec(open({path!r}).read(), {{"__name__": {name!r}, "__file__": {path!r}}})
"""


@pytest.mark.parametrize(
    "system",
    [
        "MINGW64_NT-10.0-22631 3.4.10 x86_64",
        "MSYS_NT-10.0-22631 3.4.10 x86_64",
        "CYGWIN_NT-10.0-22631 3.5.3 x86_64",
        "Linux 4.4.0-19041-Microsoft x86_64",
    ],
)
def test_the_launcher(machine: Machine, service: Path, system: str) -> None:
    machine.wrap("uname", f"echo '{system}'")
    answer = machine.run(service, "dev.up")
    assert answer.failed(110).err.startswith(SAID)
    assert machine.entries == []


def test_wsl_2_is_linux(machine: Machine, service: Path) -> None:
    machine.wrap("uname", "echo 'Linux 5.15.167.4-microsoft-standard-WSL2 x86_64'")
    assert machine.run(service, "dev.up").code == 0


def run(path: Path, name: str, *argv: str, platform: str = "win32", cwd: Path | None = None) -> Answer:
    program = AS_ON_WINDOWS.format(platform=platform, argv=list(argv), path=str(path), name=name)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd)
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("platform", ["win32", "cygwin", "msys"])
def test_the_set_up_of_the_tools(platform: str) -> None:
    answer = run(REPO / "devenv/bootstrap.py", "__main__", "bootstrap.py", ".venv", "r.txt", platform=platform)
    assert answer.failed(110).err.startswith(SAID)


def test_invoke() -> None:
    answer = run(REPO / "{{cookiecutter.repo_name}}/tasks.py", "tasks", "inv", "dev.up")
    assert answer.failed(110).err.startswith(SAID)


def test_cookiecutter(tmp_path: Path) -> None:
    """It runs the hook before it writes a file, and removes its empty folder if the hook fails."""
    answers = json.loads((REPO / "cookiecutter.json").read_text())
    hook = (REPO / "hooks/pre_gen_project.py").read_text().replace("{{ cookiecutter | tojson }}", json.dumps(answers))
    (tmp_path / "hook.py").write_text(hook)
    answer = run(tmp_path / "hook.py", "__main__", "hook.py")
    assert answer.code == 1
    assert answer.err.startswith(SAID)
