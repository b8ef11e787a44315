"""The template as it was at a commit, rendered with a service's answers."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tools.adopt.errors import CONFIG, Refusal
from tools.adopt.repository import Entry, run

STATE = ".cruft.json"
Files = dict[str, Entry]  # by path from the service's folder


@dataclass(frozen=True)
class Rendered:
    """The files, but for .cruft.json, and every answer: those given, and defaults for the others."""

    files: Files
    answers: dict[str, str]


def render(template: Path, commit: str, answers: Mapping[str, str]) -> Rendered:
    """What the real cookiecutter command makes of it, without the settings of whoever runs it.

    `template`: its git repository. `commit`: in full. Refusal 111 for answers that are no plain text, or that the
    template's own hooks refuse.
    """
    for name, answer in answers.items():
        if any(mark in answer for mark in ("{{", "{%", "{#")):  # cookiecutter would render it: run it, that is
            raise Refusal(CONFIG, f"the answer {name} is code of Jinja: {answer}", "write a plain text")
    return _render(template, commit, tuple(answers.items()))


@cache  # of an update both sides may be the same
def _render(template: Path, commit: str, answers: tuple[tuple[str, str], ...]) -> Rendered:
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        run(template, "clone", "--quiet", "--shared", "--no-checkout", str(template), str(scratch / "template"))
        run(scratch / "template", "-c", "core.autocrlf=false", "checkout", "--quiet", "--detach", commit)
        config = {"replay_dir": str(scratch / "replay"), "cookiecutters_dir": str(scratch / "cloned")}
        (scratch / "config.yaml").write_text(yaml.safe_dump(config))
        # Only what the template asks: cookiecutter fails on an answer to no question.
        asked = questions(template, commit)
        given = [f"{name}={value}" for name, value in answers if name in asked]
        argv = [sys.executable, "-m", "cookiecutter", "--no-input", "--config-file", "config.yaml"]
        argv += ["--output-dir", "made", str(scratch / "template"), *given]
        # Not where the command was typed: Python would look for its modules there first.
        done = subprocess.run(argv, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode:
            said = refused(done.stdout + done.stderr)
            raise Refusal(CONFIG, f"the template at {commit[:12]} refuses these answers:\n{said}")
        used = json.loads((scratch / "replay" / "template.json").read_text())["cookiecutter"]
        (made,) = (scratch / "made").iterdir()
        return Rendered(contents(made), {name: used[name] for name in asked})


def refused(said: str) -> str:
    """What our own hooks said, without what cookiecutter adds to it."""
    own = [line.removeprefix("error[2]: ") for line in said.splitlines() if line.startswith("error[2]: ")]
    return "\n".join(f"  {line}" for line in own or said.strip().splitlines()[-3:])


def questions(template: Path, commit: str) -> dict[str, str]:
    """What the template asks at a commit, with the defaults as they are written."""
    asked = json.loads(run(template, "show", f"{commit}:cookiecutter.json"))
    return {name: default for name, default in asked.items() if not name.startswith("_")}


def contents(folder: Path) -> Files:
    """All files below a folder, but for git's own and .cruft.json."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(".git/"):
            continue
        if path.is_symlink():
            found[name] = Entry("120000", os.fsencode(os.readlink(path)))
        elif path.is_file() and name != STATE:
            mode = "100755" if path.stat().st_mode & stat.S_IXUSR else "100644"
            found[name] = Entry(mode, path.read_bytes())
    return found
