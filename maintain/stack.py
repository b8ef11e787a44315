"""Two services of examples/stack as git repositories next to each other, each with a tag.

`lms` is an OpenID Connect provider, and `shop` requires it. The example's third service, notes, is left out: it needs
Node, and the two work without it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.adopt import address

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"lms": "provider", "shop": "consumer"}
PORTS = {"lms": 18180, "shop": 18181}
SOURCES = (
    "cookiecutter.json",
    "hooks",
    "templates",
    "{{cookiecutter.repo_name}}",
    "examples/stack",
)  # what they are made from
CONFIG = "maintain/cookiecutter.yaml"
VERSION = "v1.0.0"
DATE = "2026-01-01T00:00:00Z"
# A fixed name and clock, and no hooks: the same files give the same commit, so the cache needs only one checkout.
GIT = {
    "GIT_AUTHOR_NAME": "make demo",
    "GIT_AUTHOR_EMAIL": "demo@example.org",
    "GIT_AUTHOR_DATE": DATE,
    "GIT_COMMITTER_NAME": "make demo",
    "GIT_COMMITTER_EMAIL": "demo@example.org",
    "GIT_COMMITTER_DATE": DATE,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
FOREIGN = ("GIT_", "MAKE", "MFLAGS", "ARGS")


def run(*command: object, notes: bool = True, **variables: str) -> None:
    """Print and run a command in the top folder. If it fails, it has printed the error, and this program ends.

    Without `notes`, its stderr is printed only if it fails. `variables`: further ones of its environment.
    """
    argv = [str(part) for part in command]
    print("$", shlex.join(argv), flush=True)
    stderr = None if notes else subprocess.PIPE
    done = subprocess.run(argv, cwd=ROOT, env={**environment(), **variables}, stderr=stderr, text=True, check=False)
    if done.returncode:
        print(done.stderr or "", end="", file=sys.stderr)
        sys.exit(done.returncode)


def environment() -> dict[str, str]:
    """The user's environment with GIT, and without the variables of a calling git or make.

    The services name this checkout's origin as their template; its commit is fetched from this checkout.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    origin = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf",
        "GIT_CONFIG_VALUE_0": address.of(ROOT),
    }
    return {**own, **GIT, **origin}


def make(folder: Path) -> None:
    """Both services, in a folder below the top one."""
    for service in FOLDERS:
        generate(folder, service)
        leave_out_notes(ROOT / folder / service / "dev.yaml")
        if service == "shop":
            run("make", "-s", "-C", folder / service, "dev.lock")  # again: the cache may have an older lms of ours
        release(folder / service)


def generate(folder: Path, service: str) -> None:
    """The template's files, overwritten by the example's."""
    answers = ("stack=bare", f"service={service}", f"port={PORTS[service]}")
    cookiecutter = (".venv/bin/cookiecutter", "--config-file", CONFIG, "--no-input", "--output-dir", folder)
    with tempfile.TemporaryDirectory() as scratch:  # cookiecutter leaves the rendered hooks there
        # Without its notes, which are for owners of a new service: "next: cd …"
        run(*cookiecutter, ".", *answers, notes=False, TMPDIR=scratch)
    run("cp", "-RL", f"examples/stack/{FOLDERS[service]}/.", folder / service)


def leave_out_notes(dev_yaml: Path) -> None:
    """Remove notes from `requires:`, and the key too if it is empty."""
    text = re.sub(r"^  notes: .*\n", "", dev_yaml.read_text(), flags=re.MULTILINE)
    dev_yaml.write_text(re.sub(r"^requires:.*\n\Z", "", text, flags=re.MULTILINE))


def release(repo: Path) -> None:
    """Commit everything, with the tag that others require."""
    run("git", "-C", repo, "init", "--quiet", "--initial-branch=main")
    run("git", "-C", repo, "add", "--all")
    run("git", "-C", repo, "commit", "--quiet", "--message", "First release")
    run("git", "-C", repo, "tag", VERSION)
