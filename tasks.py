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
    code, report = answered("retrofit", path, *flags, *(["--undo"] if undo else []))
    if report:
        conformance(path, "--static")
    raise SystemExit(code)


@task(name="check", positional=["path"], help={"path": "the repository", "json": "one JSON object on stdout"})
def check_release(c, path, json=False):
    """Say which release of this template a repository is at, what is out, and whether an update would conflict."""
    raise SystemExit(answered("check", path, *(["--json"] if json else []))[0])


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
    code, branch = answered("update", path, *(["--to", to] if to else []), *answers)
    kept = conformance(path, "--static") if branch else 0
    raise SystemExit(code or kept == 1)  # an older contract cannot be judged, which is no fault of the update


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
        "flags": "more flags, as `python tools/fleet/__main__.py --help` shows them",
    },
)
def check_fleet(c, list, try_=False, json=False, html="", state="", fresh=False, flags=""):
    """Say how many repositories keep the contract, and how far behind the template each is."""
    wanted = {"--try": try_, "--json": json, "--fresh": fresh}
    given = {"--html": html, "--state": state}
    chosen = [
        *(flag for flag, is_wanted in wanted.items() if is_wanted),
        *(word for flag, value in given.items() if value for word in (flag, value)),
        *flags.split(),
    ]
    raise SystemExit(python("tools/fleet/__main__.py", list, *chosen).returncode)


def answered(verb, path, *flags):
    """One of tools/adopt: its exit code, and what it answered, which is passed on."""
    done = python("tools/adopt/__main__.py", verb, os.path.abspath(path), *flags, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    return done.returncode, done.stdout


def conformance(path, *flags):
    """The tests of the contract; their exit code."""
    return python("tests/contract/check.py", os.path.abspath(path), *flags).returncode


def python(program, *words, **streams):
    """A program of this checkout in its own environment, in the folder where it was typed."""
    subprocess.run(["make", "--silent", "-C", str(HERE), "venv"], check=True)
    argv, env = [str(PYTHON), str(HERE / program), *words], {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.run(argv, env=env, check=False, **streams)


namespace = Collection(
    contract=Collection(check=check),
    template=Collection(retrofit=retrofit, check=check_release, update=update),
    fleet=Collection(check=check_fleet),
)
