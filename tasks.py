"""What one does from a checkout of this template with other repositories: `inv contract.check PATH`,
`inv fleet.check LIST`.

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
    make_venv()
    chosen = [
        *(["--static"] if static else []),
        *(word for must in only or [] for word in ("--only", must)),
        *flags.split(),
    ]
    argv = [str(PYTHON), str(HERE / "tests" / "contract" / "check.py"), os.path.abspath(path), *chosen]
    raise SystemExit(subprocess.run(argv, check=False).returncode)


@task(
    name="check",
    positional=["list"],
    help={
        "list": "a file with a path or a git URL in each line; - for stdin",
        "try": "also try the update to the newest release",
        "json": "one JSON object on stdout instead of the table",
        "html": "write a page, too",
        "state": "the folder of kept answers",
        "fresh": "ask anew, whatever is kept",
        "flags": "more flags, as `python -m tools.fleet --help` shows them",
    },
)
def check_fleet(c, list, try_=False, json=False, html="", state="", fresh=False, flags=""):
    """Say how many repositories keep the contract, and how far behind the template each is."""
    make_venv()
    wanted = {"--try": try_, "--json": json, "--fresh": fresh}
    files = {"--html": html, "--state": state}
    chosen = [
        *(flag for flag, is_wanted in wanted.items() if is_wanted),
        *(word for flag, path in files.items() if path for word in (flag, os.path.abspath(path))),
        *flags.split(),
    ]
    source = list if list == "-" else os.path.abspath(list)
    argv = [str(PYTHON), "-m", "tools.fleet", source, *chosen]
    raise SystemExit(subprocess.run(argv, cwd=HERE, check=False).returncode)


def make_venv():
    """The environment of this checkout, made or brought up to date."""
    subprocess.run(["make", "--silent", "-C", str(HERE), "venv"], check=True)


namespace = Collection(contract=Collection(check=check), fleet=Collection(check_fleet))
