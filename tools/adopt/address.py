"""Where others find a template: one rule for cookiecutter's hook and for template.retrofit.

Standard library only: the hook runs in cookiecutter's environment.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path


def git(template: Path, *words: str) -> str:
    """What git prints; empty if it fails."""
    # Inside a git hook, variables say which repository is meant: that is another one.
    env = {name: value for name, value in os.environ.items() if not re.match("GIT_(?!CONFIG)", name)}
    command = ["git", "-C", str(template), *words]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip()


def of(template: Path, cloned: bool = False) -> str:
    """The checkout's origin if its commit is there too, else its path. `cloned`: it is a fresh clone of its origin."""
    if "origin" in git(template, "remote").split() and (
        cloned or git(template, "branch", "--remotes", "--contains", "HEAD")
    ):
        # The origin of a CI checkout may hold a token, and this goes into a file that people commit.
        return re.sub(r"^(https?://)[^@/]*@", r"\1", git(template, "config", "--get", "remote.origin.url"))
    return str(template)


def notes(template: Path, address: str) -> Iterator[str]:
    """What the owner of a new service has to know about that address, in lines for stderr."""
    commit, quoted = git(template, "rev-parse", "--short=12", "HEAD"), shlex.quote(str(template))
    if address == str(template):
        yield f"note: only this machine has the tools at {address} (commit {commit}); teammates cannot fetch them"
        yield f"hint: git -C {quoted} push, then write the template's URL into .cruft.json; or: inv template.vendor"
    if git(template, "status", "--porcelain"):
        yield f"note: {template} has changes that are not committed; the service runs the tools of {commit}"
        yield f"hint: to run the checkout as it is: DEVENV_TOOLS={quoted} inv dev.up"
