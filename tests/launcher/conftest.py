"""A small template and services of it, and the launcher that they carry: real commands, and a cache of this test's own.

The tools of the small template only print how they were called, and need no package: a cold run takes half a second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import REPO, once, run_quietly
from tests.gitrepo import commit, git

DEV = REPO / "{{cookiecutter.repo_name}}" / ".dev"
BASE_PYTHON = os.path.realpath(sys._base_executable)
MAIN = """\
import json, os, sys
for stream in range(3): os.fstat(stream)
print(json.dumps({"argv": sys.argv[1:], "tools": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    "prefix": sys.prefix, "path": sys.path, "cwd": os.getcwd(), "version": "VERSION"}))
"""


class Answer(NamedTuple):
    """What a call of the launcher printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict:
        """What the tools print of themselves; the call has to have reached them."""
        assert self.code == 0, self
        return json.loads(self.out)

    @property
    def commit(self) -> str:
        return Path(self.told["tools"]).name

    def failed(self, code: int, *words: str) -> Answer:
        """Exactly one error line with this code, hints after it, no traceback; all words are in it."""
        assert self.code == code, self
        assert self.out == ""
        errors = [line for line in self.err.splitlines() if line.startswith("error[")]
        assert len(errors) == 1, self.err
        assert errors[0].startswith(f"error[{code}]: ")
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err
        return self


class Machine:
    """A home, a cache and a path of programs; `run` starts the launcher of a service there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.xdg = self.home / "my cache"
        self.env = {**os.environ, "HOME": str(self.home), "XDG_CACHE_HOME": str(self.xdg)}
        self.env.pop("XDG_CONFIG_HOME", None)  # the settings of git are those in this home

    @property
    def cache(self) -> Path:
        return self.xdg / "devenv"

    @property
    def entries(self) -> list[str]:
        """All that is in the folder of the tools, but for locks."""
        return sorted(path.name for path in self.cache.glob("tools/*") if not path.name.endswith(".lock"))

    @property
    def environments(self) -> list[Path]:
        return [path for path in self.cache.glob("environments/*") if path.is_dir()]

    def git_config(self, **settings: str) -> None:
        for name, value in settings.items():
            self.git_set(name.replace("_", "."), value)

    def git_set(self, name: str, value: str) -> None:
        run_quietly("git", "config", "--file", self.home / ".gitconfig", "--add", name, value)

    def start(self, service: Path, *words: object, cwd: Path | None = None, **env: str | None) -> subprocess.Popen[str]:
        changed = {name: value for name, value in {**self.env, **env}.items() if value is not None}
        return subprocess.Popen(
            ["/bin/sh", str(service / ".dev" / "run"), *map(str, words)],
            cwd=cwd or service,
            env=changed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, service: Path, *words: object, cwd: Path | None = None, **env: str | None) -> Answer:
        return end(self.start(service, *words, cwd=cwd, **env))

    def wrap(self, program: str, script: str) -> Path:
        """Put a wrapper before a program of the path. REAL in it becomes the program."""
        folder = self.folder / "wrappers"
        folder.mkdir(exist_ok=True)
        (folder / program).write_text(f"#!/bin/sh\n{script}\n".replace("REAL", str(shutil.which(program))))
        (folder / program).chmod(0o755)
        if not self.env["PATH"].startswith(f"{folder}:"):
            self.env["PATH"] = f"{folder}:{self.env['PATH']}"
        return folder / program

    def path_with(self, *programs: str) -> str:
        """A path that has these programs, and no others."""
        folder = self.folder / ("only-" + "-".join(programs))
        folder.mkdir(exist_ok=True)
        for program in programs:
            found = BASE_PYTHON if program == "python3" else shutil.which(program)
            assert found, program
            (folder / program).symlink_to(found)
        return str(folder)


def end(started: subprocess.Popen[str]) -> Answer:
    out, err = started.communicate(timeout=120)
    return Answer(started.returncode, out, err)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


def write_tools(folder: Path, version: str) -> None:
    """The small template's files."""
    tools = folder / "devenv"
    (tools / "base").mkdir(parents=True, exist_ok=True)
    for name in ("bootstrap.py", "base/seals.py", "base/authorities.py", "base/installers.py"):
        shutil.copy(REPO / "devenv" / name, tools / name)
    (tools / "__main__.py").write_text(MAIN.replace("VERSION", version))
    (tools / "requirements.txt").write_text("# The small template needs no package.\n")
    (tools / "crlf.txt").write_bytes(b"one\r\ntwo\n")
    (tools / "ident.txt").write_text("$Id$ $Format:%H$\n")
    (folder / ".gitattributes").write_text(
        "*.txt text eol=crlf ident export-subst filter=smudge\n/secret export-ignore\n"
    )
    (folder / "secret").write_text("export-ignore does not matter\n")
    (folder / "tool.sh").write_text("#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    if not (folder / "link").is_symlink():
        (folder / "link").symlink_to("devenv/requirements.txt")


class Template:
    """The small template: a checkout, and the bare repository that it is pushed to."""

    def __init__(self, folder: Path, kind: str = "sha1") -> None:
        self.work, self.bare = folder / "work", folder / "template.git"
        if self.bare.is_dir():
            git(self.work, "remote", "set-url", "origin", str(self.bare))
            self.tip, self.second, self.first = git(self.work, "rev-list", "main").split()
            return
        folder.mkdir(exist_ok=True)
        git_init = ["git", "init", "-q", "-b", "main", f"--object-format={kind}"]
        run_quietly(*git_init, "--bare", self.bare)
        run_quietly(*git_init, self.work)
        git(self.work, "remote", "add", "origin", str(self.bare))
        self.first = self.release("1")
        self.second = self.release("2")  # behind the tip, and not tagged
        self.tip = self.release("3")

    def release(self, version: str) -> str:
        write_tools(self.work, version)
        made = commit(self.work, version)
        git(self.work, "push", "-q", "origin", "HEAD:main")
        return made

    def elsewhere(self, ref: str) -> str:
        """A commit that only this ref of the bare repository holds; without one, no ref at all."""
        git(self.work, "checkout", "-q", "--detach")
        made = commit(self.work, "elsewhere")
        git(self.work, "push", "-q", "origin", f"{made}:{ref or 'refs/heads/gone'}")
        if not ref:
            git(self.bare, "update-ref", "-d", "refs/heads/gone")
        git(self.work, "checkout", "-q", "main")
        return made


@pytest.fixture
def small(shared: Path, nobodys_home: Path, tmp_path: Path) -> Template:
    """A copy of this test alone: most tests change it."""
    made = once(shared / "small-template", Template)
    return Template(shutil.copytree(made, tmp_path / "templates", symlinks=True))


def make_service(folder: Path, address: object, made: str) -> Path:
    """A repository with the launcher and .cruft.json as cruft writes it."""
    (folder / ".dev").mkdir(parents=True)
    for name in ("run", "fetch.py", "dev.mk", ".gitattributes", ".gitignore"):
        shutil.copy(DEV / name, folder / ".dev")
    shutil.copy(DEV.parent / "tasks.py", folder)
    (folder / "Makefile").write_text("include .dev/dev.mk\n")
    pin(folder, address, made)
    run_quietly("git", "init", "-q", "-b", "main", folder)
    commit(folder, "generated")
    return folder


def pin(service: Path, address: object, made: object, **options: object) -> None:
    known = {"template": str(address), "commit": made, "checkout": None, "context": {"cookiecutter": {"a": "b"}}}
    (service / ".cruft.json").write_text(json.dumps(known, **{"indent": 2, **options}))


@pytest.fixture
def service(tmp_path: Path, small: Template) -> Path:
    """A service at the template's tip, in a folder with two spaces and a quote."""
    return make_service(tmp_path / "it's  mine" / "catalog", small.bare, small.tip)
