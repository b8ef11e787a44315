# Owner: the template. Do not edit: updates replace this file.
"""The template's own tools for a service, as the newest commit of the template has them: check, update.

They are not vendored: what knows how to take a release comes with the releases, and a fault in it is mended there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from devenv.base import process
from devenv.base.errors import MISSING, DevError
from devenv.operations import mirrors
from devenv.operations.conformance import environment, origin

TOOLS = Path("tools", "adopt")


def run(root: Path, verb: str, flags: Sequence[str]) -> process.Result:
    """Run one of them on a repository, in the open: its exit code, and what it answers. DevError 110, 111."""
    template, _ = origin(root)
    mirror = mirrors.of(template, root)
    newest = mirror.checkout(mirror.newest())
    requirements = newest / TOOLS / "requirements.txt"
    if not requirements.is_file():
        hint = "with cruft: cruft update --checkout RELEASE"
        raise DevError(MISSING, f"{template} has no tools for updates at its newest commit", hint)
    python = environment("adopt", requirements)
    # By its path and not by -m, which would look for its modules in this repository first.
    argv = [str(python), str(newest / TOOLS / "__main__.py"), verb, str(root), *flags]
    return process.collect(argv, {**os.environ, "PYTHONPATH": str(newest)})
