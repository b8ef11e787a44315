"""Tasks for other repositories, run from a checkout of this template: `inv template.retrofit PATH`, and others.

They run in the checkout's environment (`make venv`), so any version of `inv` works.
"""

import os
import subprocess
import sys
from pathlib import Path

from invoke import Collection, task

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"

# invoke takes the first word after a task for its argument, even --help: it would be the path of a repository.
if len(sys.argv) > 2 and sys.argv[-1] in ("--help", "-h") and not sys.argv[1].startswith("-"):
    os.execv(sys.executable, [sys.executable, "-m", "invoke", "--help", sys.argv[1]])


@task(
    positional=["path"],
    iterable=["only"],
    help={
        "path": "the repository",
        "static": "only read files; do not start anything",
        "only": "only this MUST, such as CMP-1; can be repeated",
        "flags": "more flags, see `python tests/contract/check.py --help`",
    },
)
def check(c, path, static=False, only=None, flags=""):
    """Check which MUSTs of the contract a repository keeps, on a copy of it."""
    chosen = [
        *(["--static"] if static else []),
        *(word for must in only or [] for word in ("--only", must)),
        *flags.split(),
    ]
    raise SystemExit(conformance(path, *chosen))


@task(
    positional=["path"],
    help={
        "path": "the folder of the repository, or of the service in it",
        "service": "the service's name, instead of the repository's",
        "port": "the service's port, instead of the one that was found",
        "undo": "undo the retrofit, before the branch is merged",
    },
)
def retrofit(c, path, service="", port="", undo=False):
    """Turn a repository into a service: on a branch, and without changing existing files."""
    flags = [*(["--service", service] if service else []), *(["--port", port] if port else [])]
    code, report = answered("retrofit", path, *flags, *(["--undo"] if undo else []))
    if report:
        conformance(path, "--static")
    raise SystemExit(code)


@task(name="check", positional=["path"], help={"path": "the repository", "json": "one JSON object on stdout"})
def check_release(c, path, json=False):
    """Show a repository's release of this template, newer releases, and whether an update would conflict."""
    raise SystemExit(answered("check", path, *(["--json"] if json else []))[0])


@task(
    positional=["path"],
    iterable=["answer"],
    help={
        "path": "the repository",
        "to": "this release, instead of the highest one",
        "answer": "an answer to a question of the template, NAME=VALUE; can be repeated",
    },
)
def update(c, path, to="", answer=None):
    """Update a repository to a release of this template, on a branch to review."""
    answers = [word for each in answer or [] for word in ("--answer", each)]
    code, branch = answered("update", path, *(["--to", to] if to else []), *answers)
    kept = conformance(path, "--static") if branch else 0
    raise SystemExit(code or kept == 1)  # 2 is not a failure: an older contract cannot be checked


@task(
    name="check",
    positional=["list"],
    help={
        "list": "a file with a path or a git URL in each line; - for stdin",
        "try": "also try the update to the newest release",
        "json": "one JSON object on stdout, instead of the table",
        "html": "also write an HTML page to this file",
        "state": "the folder of kept answers",
        "fresh": "ignore kept answers",
        "flags": "more flags, see `python tools/fleet/__main__.py --help`",
    },
)
def check_fleet(c, list, try_=False, json=False, html="", state="", fresh=False, flags=""):
    """Report how many repositories keep the contract, and how far behind the template each is."""
    wanted = {"--try": try_, "--json": json, "--fresh": fresh}
    given = {"--html": html, "--state": state}
    chosen = [
        *(flag for flag, is_wanted in wanted.items() if is_wanted),
        *(word for flag, value in given.items() if value for word in (flag, value)),
        *flags.split(),
    ]
    raise SystemExit(python("tools/fleet/__main__.py", list, *chosen).returncode)


def answered(verb, path, *flags):
    """Run a verb of tools/adopt; returns its exit code and its answer."""
    done = python("tools/adopt/__main__.py", verb, os.path.abspath(path), *flags, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    return done.returncode, done.stdout


def conformance(path, *flags):
    """Run the tests of the contract; returns their exit code."""
    return python("tests/contract/check.py", os.path.abspath(path), *flags).returncode


def python(program, *words, **streams):
    """Run a program of this checkout in its environment, in the user's current folder."""
    subprocess.run(["make", "--silent", "-C", str(HERE), "venv"], check=True)
    argv, env = [str(PYTHON), str(HERE / program), *words], {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.run(argv, env=env, check=False, **streams)


namespace = Collection(
    contract=Collection(check=check),
    template=Collection(retrofit=retrofit, check=check_release, update=update),
    fleet=Collection(check=check_fleet),
)
