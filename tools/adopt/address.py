"""The address of a template for other machines: one rule for cookiecutter's hook and for template.retrofit.

Standard library only: the hook runs in cookiecutter's environment.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devenv.base import git as plain


def git(template: Path, *words: str) -> str:
    """git's output; empty if it fails."""
    argv, env = plain.argv(*words, at=template), plain.environment()
    done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip()


def of(template: Path, cloned: bool = False) -> str:
    """The checkout's origin if its commit is there too, else its path. `cloned`: it is a fresh clone of its origin."""
    if "origin" in git(template, "remote").split() and (
        cloned or git(template, "branch", "--remotes", "--contains", "HEAD")
    ):
        # The origin of a CI checkout may contain a token, and this is written to a file that is committed.
        return re.sub(r"^(https?://)[^@/]*@", r"\1", git(template, "config", "--get", "remote.origin.url"))
    return str(template)


def notes(template: Path, address: str) -> Iterator[str]:
    """Notes for the owner of a new service about that address, in lines for stderr."""
    commit, quoted = git(template, "rev-parse", "--short=12", "HEAD"), shlex.quote(str(template))
    if os.path.isabs(address) or address.startswith("file:"):
        yield f"note: only this machine has the tools at {address} (commit {commit}); teammates cannot fetch them"
        push = f"git -C {quoted} push, then " if address == str(template) else ""
        yield f"hint: {push}write the template's URL into .cruft.json; or: inv template.vendor"
    if git(template, "status", "--porcelain", "--untracked-files=normal"):
        yield f"note: {template} has changes that are not committed; the service runs the tools of {commit}"
        yield f"hint: to run the checkout as it is: DEVENV_TOOLS={quoted} inv dev.up"
