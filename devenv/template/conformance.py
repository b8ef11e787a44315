"""The contract's tests, which come with the tools, and programs of the template that need more packages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from devenv.base import launch, process, toolcache
from devenv.base.errors import MISSING, DevError

SUITE = Path("tests", "contract")
BOOTSTRAP = launch.TOOLS / "devenv" / "bootstrap.py"


def check(root: Path, flags: Sequence[str], progress: bool = False) -> int:
    """Run the suite on a repository, visibly. Exit code: 0 all is kept, 1 something is not, 2 usage.

    `progress`: what it writes goes to stderr, since stdout is for something else.
    """
    suite = launch.TOOLS / SUITE
    python = environment(suite / "requirements.txt")
    argv = [str(python), str(suite / "check.py"), str(root), *flags]
    return process.run(argv, os.environ) if progress else process.attach(argv, os.environ)


def environment(requirements: Path) -> Path:
    """A Python with the packages of a program, one environment for each set of requirements. DevError 110."""
    argv = ["python3", "-I", "-B", str(BOOTSTRAP), "--in", str(toolcache.home() / "environments"), str(requirements)]
    done = process.collect(argv, os.environ)
    if done.code:
        raise DevError(MISSING, f"the packages of {requirements} could not be installed", "see above")
    return Path(done.stdout.rstrip("\n")) / "bin" / "python"
