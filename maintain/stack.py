"""Two services of examples/stack as their owners would have them: git repositories side by side, each with a tag.

`lms` is an OpenID Connect provider, and `shop` requires it. The third one of the example, notes, is left out: it needs
Node, and the two do without it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
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
# Nobody's name, hooks or clock: the same files make the same commit, of which the cache then holds one checkout.
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


def run(*command: object) -> None:
    """Shown as it could be typed in the top folder. A failure has said why already, and ends the program."""
    argv = [str(part) for part in command]
    print("$", shlex.join(argv), flush=True)
    code = subprocess.run(argv, cwd=ROOT, env=environment(), check=False).returncode
    if code:
        sys.exit(code)


def environment() -> dict[str, str]:
    """That of the user with GIT, and without what was meant for others: for the git or the make that called us.

    The services name this checkout's origin as their template; its commit is fetched from here.
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
            run("make", "-s", "-C", folder / service, "dev.lock")  # afresh: the cache may hold an older lms of ours
        release(folder / service)


def generate(folder: Path, service: str) -> None:
    """The template's tree, and the example's files laid over it."""
    answers = ("stack=bare", f"service={service}", f"port={PORTS[service]}")
    run(".venv/bin/cookiecutter", "--config-file", CONFIG, "--no-input", "--output-dir", folder, ".", *answers)
    run("cp", "-R", f"examples/stack/{FOLDERS[service]}/.", folder / service)


def leave_out_notes(dev_yaml: Path) -> None:
    """Out of requires:, and that too when nothing else stands there."""
    text = re.sub(r"^  notes: .*\n", "", dev_yaml.read_text(), flags=re.MULTILINE)
    dev_yaml.write_text(re.sub(r"^requires:.*\n\Z", "", text, flags=re.MULTILINE))


def release(repo: Path) -> None:
    """All of it committed, under the tag that others ask for."""
    run("git", "-C", repo, "init", "--quiet", "--initial-branch=main")
    run("git", "-C", repo, "add", "--all")
    run("git", "-C", repo, "commit", "--quiet", "--message", "First release")
    run("git", "-C", repo, "tag", VERSION)
