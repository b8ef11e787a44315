"""`make release VERSION=1.2.3`: the changelog's day, the upgrade tests from every earlier release, a tag, releases.txt.

A commit cannot contain its own id, so there are two: the release, and one that writes its id into releases.txt. Nothing
is pushed; the last line prints the command.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from tools.adopt.errors import CONFIG, CONFLICT, FOUND, LOSS, USAGE, Refusal, end
from tools.adopt.releases import NONE, order, parse

ROOT = Path(__file__).resolve().parent.parent
VERSION = "{{cookiecutter.repo_name}}/.dev/VERSION"
UPGRADES = "tests/adopt/test_upgrades.py"
NUMBER = re.compile(r"\d+\.\d+\.\d+")


def main(version: str, root: Path = ROOT) -> None:
    """Make the release in a checkout. After a Refusal, the checkout is unchanged."""
    ready(root, version)
    start = must(root, "git", "rev-parse", "HEAD")
    try:
        make(root, version)
    except BaseException:  # Ctrl-C too
        must(root, "git", "reset", "--quiet", "--hard", start)
        raise
    print(f"released {version}; now: git push origin HEAD v{version}")


def make(root: Path, version: str) -> None:
    """Make the two commits, and the tag last, so that only commits have to be undone."""
    write(root, version)
    if run(root, sys.executable, "-m", "pytest", "-q", UPGRADES):
        raise Refusal(FOUND, "an upgrade from an earlier release fails", f".venv/bin/python -m pytest {UPGRADES}")
    must(root, "git", "commit", "--quiet", "--all", "--message", f"Release {version}")
    commit = must(root, "git", "rev-parse", "HEAD")
    page = root / "releases.txt"
    page.write_text(listed(page.read_text(), version, commit))
    must(root, "git", "commit", "--quiet", "--all", "--message", f"releases.txt: {version} is out")
    must(root, "git", "tag", f"v{version}", commit)


def ready(root: Path, version: str) -> None:
    """Refusal unless a release of this version can be made from the checkout."""
    if not NUMBER.fullmatch(version):
        raise Refusal(USAGE, f"VERSION is {version!r}", "make release VERSION=1.2.3")
    if must(root, "git", "status", "--porcelain"):
        raise Refusal(LOSS, "not everything is committed", "git status")
    out = parse((root / "releases.txt").read_text())
    if out and order(version) <= out[-1].order:
        raise Refusal(CONFLICT, f"{version} is not newer than the last release, {out[-1].version}", "see releases.txt")
    if must(root, "git", "tag", "--list", f"v{version}"):
        raise Refusal(CONFLICT, f"the tag v{version} already exists", f"git show v{version}")
    if f"## [{version}] - {NONE}\n" not in (root / "CHANGELOG.md").read_text():
        hint = f"describe the changes for services under `## [{version}] - {NONE}`"
        raise Refusal(CONFIG, f"CHANGELOG.md:1: has no section for {version}", hint)


def write(root: Path, version: str) -> None:
    """Write the version and the day into their files."""
    day = datetime.now(timezone.utc).date()
    (root / VERSION).write_text(f"{version}\n")
    page = root / "CHANGELOG.md"
    page.write_text(page.read_text().replace(f"## [{version}] - {NONE}", f"## [{version}] - {day}", 1))


def listed(text: str, version: str, commit: str) -> str:
    """releases.txt with the commit of a version instead of its `unreleased`."""
    kept = [line for line in text.splitlines() if line.split()[:1] != [version]]
    return "\n".join([*kept, f"{version} {commit}"]) + "\n"


def run(root: Path, *argv: str) -> int:
    print("$", *argv, flush=True)
    return subprocess.run(argv, cwd=root, check=False).returncode


def must(root: Path, *argv: str) -> str:
    """A command's output. Refusal if it fails."""
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refusal(CONFLICT, f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    try:
        main(sys.argv[1] if sys.argv[1:] else "")
    except Refusal as refusal:
        end(refusal)
