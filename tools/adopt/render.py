"""Renders the template at a commit with a service's answers."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Union

import yaml

from tools.adopt.errors import CONFIG, Refusal
from tools.adopt.repository import Entry, run

STATE = ".cruft.json"
Files = dict[str, Entry]  # by path from the service's folder
Question = Union[str, list[str]]  # the default, or the choices, the default first


@dataclass(frozen=True)
class Rendered:
    """The files except .cruft.json, and all answers: the given ones, and defaults for the others."""

    files: Files
    answers: dict[str, str]


def render(template: Path, commit: str, answers: Mapping[str, str]) -> Rendered:
    """Run the real cookiecutter command, without the user's settings.

    `template`: its git repository. `commit`: the full id. Refusal 111 for answers that are not plain text, or that the
    template does not allow.
    """
    for name, answer in answers.items():
        if any(mark in answer for mark in ("{{", "{%", "{#")):  # cookiecutter would execute it
            raise Refusal(CONFIG, f"the answer {name} is code of Jinja: {answer}", "write a plain text")
    return _render(template, commit, tuple(answers.items()))


@cache  # both sides of an update may be the same
def _render(template: Path, commit: str, answers: tuple[tuple[str, str], ...]) -> Rendered:
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        run(template, "clone", "--quiet", "--shared", "--no-checkout", str(template), str(scratch / "template"))
        run(scratch / "template", "-c", "core.autocrlf=false", "checkout", "--quiet", "--detach", commit)
        config = {"replay_dir": str(scratch / "replay"), "cookiecutters_dir": str(scratch / "cloned")}
        (scratch / "config.yaml").write_text(yaml.safe_dump(config))
        # Only existing questions: cookiecutter fails on other answers.
        asked = questions(template, commit)
        given = [f"{name}={value}" for name, value in answers if name in asked]
        if wrong := list(not_offered(asked, answers)):
            raise refusal(commit, wrong)
        argv = [sys.executable, "-m", "cookiecutter", "--no-input", "--config-file", "config.yaml"]
        argv += ["--output-dir", "made", str(scratch / "template"), *given]
        # Not in the user's current folder: Python would look for modules there first.
        done = subprocess.run(argv, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode:
            raise refusal(commit, refused(done.stdout + done.stderr))
        used = json.loads((scratch / "replay" / "template.json").read_text())["cookiecutter"]
        (made,) = (scratch / "made").iterdir()
        return Rendered(contents(made), {name: used[name] for name in asked})


def not_offered(asked: Mapping[str, Question], answers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each answer that is not among its question's choices. cookiecutter would end with a traceback."""
    for name, value in answers:
        choices = asked.get(name)
        if isinstance(choices, list) and value not in choices:
            yield f"{name} is {value!r}; allowed: one of: {', '.join(choices)}"


def refusal(commit: str, lines: Iterable[str]) -> Refusal:
    said = "\n".join(f"  {line}" for line in lines)
    return Refusal(CONFIG, f"the template at {commit[:12]} refuses these answers:\n{said}")


def refused(said: str) -> list[str]:
    """The messages of our hooks, without what cookiecutter adds."""
    own = [line.removeprefix("error[2]: ") for line in said.splitlines() if line.startswith("error[2]: ")]
    return own or said.strip().splitlines()[-3:]


def questions(template: Path, commit: str) -> dict[str, Question]:
    """The template's questions at a commit, with the defaults as written."""
    asked = json.loads(run(template, "show", f"{commit}:cookiecutter.json"))
    return {name: default for name, default in asked.items() if not name.startswith("_")}


def contents(folder: Path) -> Files:
    """All files below a folder, except git's and .cruft.json."""
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
