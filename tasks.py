"""What one does from a checkout of this template with other repositories: `inv contract.check PATH`.

The work is done by the checkout's own environment (`make venv`), so that any `inv` will do.
"""

import os
import subprocess
from pathlib import Path

from invoke import Collection, task

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"


@task(
    positional=["path"],
    iterable=["only"],
    help={
        "path": "the repository",
        "static": "read files only; start nothing",
        "only": "this MUST alone, such as CMP-1; may be repeated",
        "flags": "more flags, as `python tests/contract/check.py --help` shows them",
    },
)
def check(c, path, static=False, only=None, flags=""):
    """Say which MUSTs of the contract any repository keeps, on a copy of it."""
    subprocess.run(["make", "--silent", "-C", str(HERE), "venv"], check=True)
    chosen = [
        *(["--static"] if static else []),
        *(word for must in only or [] for word in ("--only", must)),
        *flags.split(),
    ]
    argv = [str(PYTHON), str(HERE / "tests" / "contract" / "check.py"), os.path.abspath(path), *chosen]
    raise SystemExit(subprocess.run(argv, check=False).returncode)


namespace = Collection(contract=Collection(check=check))
