"""Where the source of an application comes from: a registry's archive, or a commit of a git repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

# `pip download` would run a package's build to learn what it depends on. Its index client alone finds and fetches.
FETCH = """
import sys
from pip._internal.commands import create_command
from pip._internal.network.download import Downloader
from pip._vendor.packaging.specifiers import SpecifierSet

name, version, folder = sys.argv[1:]
command = create_command("download")
options, _ = command.parse_args(["--quiet", "--no-deps", "--no-binary=:all:", name])
with command.main_context():
    session = command.get_default_session(options)
    finder = command._build_package_finder(options, session, ignore_requires_python=True)
    best = finder.find_best_candidate(name, SpecifierSet("==" + version)).best_candidate
    if best is None:
        sys.exit(f"no source of {name} {version}")
    try:
        load = Downloader(session, "off")
    except TypeError:  # pip 25.1 and newer
        load = Downloader(session, "off", 5)
    print(load(best.link, folder)[0])
"""
SECONDS = 300  # for one download
WHO = {f"GIT_{role}_{part}": "owner" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
COMMIT = ("commit", "--quiet", "--no-verify", "--message", "as it was released")


class NoSource(Exception):
    """The source cannot be had, or is another file than the one that was looked at."""


def of_registry(registry: str, name: str, version: str, sha256: str, into: Path) -> Path:
    """The unpacked archive of a package (`registry`: pypi or npm), in the new folder `into`.

    It is fetched with the registry's client, and nothing of it is run. Raises NoSource, also for another SHA-256.
    """
    into.mkdir(parents=True)
    pip = [sys.executable, "-c", FETCH, name, version]
    npm = ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}", "--pack-destination"]
    printed = output([*(npm if registry == "npm" else pip), str(into)], into)
    archive = into / printed.splitlines()[-1]
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise NoSource(f"{archive.name} has the SHA-256 {found}")
    with tarfile.open(archive) as tar:
        tar.extractall(into / "tree", filter="data")  # refuses names that lead out of the folder, and devices
    archive.unlink()
    (root,) = (into / "tree").iterdir()
    return root


def of_git(url: str, commit: str, into: Path) -> Path:
    """The files of a commit, in the new folder `into`. Raises NoSource."""
    into.mkdir(parents=True)
    for words in (
        ["init", "--quiet"],
        ["fetch", "--quiet", "--depth=1", url, commit],
        ["checkout", "--quiet", "FETCH_HEAD"],
    ):
        output(["git", *words], into)
    shutil.rmtree(into / ".git")
    return into


def as_repository(folder: Path) -> None:
    """Commit all files, as the owner of a repository has them."""
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "--all", "--force"), COMMIT):
        output(["git", *words], folder)


def output(argv: list[str], folder: Path) -> str:
    """What a command prints. Raises NoSource with its last line if it fails."""
    try:
        done = subprocess.run(
            argv, cwd=folder, env={**os.environ, **WHO}, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise NoSource(f"{argv[0]} has not ended after {SECONDS} s") from error
    if done.returncode:
        raise NoSource((done.stderr.strip().splitlines() or [f"{argv[0]} ended with {done.returncode}"])[-1])
    return done.stdout.strip()
