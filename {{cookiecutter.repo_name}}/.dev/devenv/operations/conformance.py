# Owner: the template. Do not edit: updates replace this file.
"""The contract's own tests, of the template's version that this repository is at: fetched once, then there offline."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from devenv.base import process
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.operations import mirrors

ORIGIN = ".cruft.json"  # what cookiecutter or cruft wrote: the template, and the commit of it
SUITE = Path("tests", "contract")
BOOTSTRAP = Path(__file__).resolve().parents[2] / "bootstrap.py"


def check(root: Path, flags: Sequence[str]) -> int:
    """Run the suite on a repository, in the open. Its exit code: 0 all is kept, 1 something is not, 2 usage."""
    suite = find(root)
    python = environment("contract", suite / "requirements.txt")
    return process.attach([str(python), str(suite / "check.py"), str(root), *flags], os.environ)


def find(root: Path) -> Path:
    """The folder of the suite, in the cache. DevError 110 where it cannot be fetched, 111 where no version is known."""
    template, commit = origin(root)
    suite = mirrors.of(template, root).checkout(commit) / SUITE
    if not suite.is_dir():
        hint = f"take a newer release of the template: inv template.update (see {template})"
        raise DevError(MISSING, f"the template at {commit[:12]} has no tests of the contract yet", hint)
    return suite


def origin(root: Path) -> tuple[str, str]:
    """The template and the commit that a repository is at. DevError 111."""
    try:
        known = json.loads((root / ORIGIN).read_text())
        return known["template"], known["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        hint = "cruft link TEMPLATE, or from a checkout of the template: inv contract.check PATH"
        raise DevError(CONFIG, f"{ORIGIN}:1: names no template and commit, so no version of the tests", hint) from None


def environment(name: str, requirements: Path) -> Path:
    """A Python with what a tool of the template needs, one for each set of requirements. DevError 110."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:8]
    venv = mirrors.home() / "tools" / f"{name}-{digest}"
    stamp = venv / "requirements.txt"
    if not stamp.is_file() or stamp.read_bytes() != requirements.read_bytes():
        argv = ["python3", "-I", str(BOOTSTRAP), str(venv), str(requirements)]
        if process.run(argv, os.environ):
            raise DevError(MISSING, f"what {requirements} asks for could not be installed", "see above")
    return venv / "bin" / "python"
