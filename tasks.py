"""What one does from a checkout of this template with other repositories: `inv template.retrofit PATH`, and the like.

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
    chosen = [
        *(["--static"] if static else []),
        *(word for must in only or [] for word in ("--only", must)),
        *flags.split(),
    ]
    raise SystemExit(conformance(path, *chosen))


@task(
    positional=["path"],
    help={
        "path": "the repository's folder, or that of the service in it",
        "service": "the service's name, where the repository's own is not to be it",
        "port": "the service's port, where what was found is not to be it",
        "undo": "take it back, before the branch is merged",
    },
)
def retrofit(c, path, service="", port="", undo=False):
    """Make a service out of a repository: on a branch, beside everything that is there."""
    flags = [*(["--service", service] if service else []), *(["--port", port] if port else [])]
    code = adopt("retrofit", path, *flags, *(["--undo"] if undo else []))
    if not code and not undo:
        conformance(path, "--static")
    raise SystemExit(code)


@task(name="check", positional=["path"], help={"path": "the repository", "json": "one JSON object on stdout"})
def check_release(c, path, json=False):
    """Say which release of this template a repository is at, what is out, and whether an update would conflict."""
    raise SystemExit(adopt("check", path, *(["--json"] if json else [])))


@task(
    positional=["path"],
    iterable=["answer"],
    help={
        "path": "the repository",
        "to": "this release instead of the highest one",
        "answer": "an answer to a question of the template, NAME=VALUE; may be repeated",
    },
)
def update(c, path, to="", answer=None):
    """Take a release of this template in a repository, on a branch to review."""
    answers = [word for each in answer or [] for word in ("--answer", each)]
    code = adopt("update", path, *(["--to", to] if to else []), *answers)
    raise SystemExit(code or conformance(path, "--static"))


def adopt(verb, path, *flags):
    """One of tools/adopt, in the checkout's own environment; its exit code."""
    return python(str(HERE / "tools" / "adopt" / "__main__.py"), verb, os.path.abspath(path), *flags)


def conformance(path, *flags):
    """The tests of the contract; their exit code."""
    return python(str(HERE / "tests" / "contract" / "check.py"), os.path.abspath(path), *flags)


def python(*words):
    """The checkout's own Python, in the folder where it was typed."""
    subprocess.run(["make", "--silent", "-C", str(HERE), "venv"], check=True)
    return subprocess.run([str(PYTHON), *words], env={**os.environ, "PYTHONPATH": str(HERE)}, check=False).returncode


namespace = Collection(
    contract=Collection(check=check),
    template=Collection(retrofit=retrofit, check=check_release, update=update),
)
