"""Tools inside a service's repository, for places that cannot reach the template: `.dev/tools/`.

They are the template's files at one commit, byte for byte. MANIFEST has their SHA-256 sums, and those of the launcher
next to them, in the form of shasum: `cd .dev/tools && shasum -a 256 -c MANIFEST`. An entry of the cache has one, too.
Standard library only: the template's hook writes them when the template is not a git checkout.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

FOLDER = "tools"
MANIFEST = "MANIFEST"
COMMIT = "COMMIT"
PROJECT = "{{cookiecutter.repo_name}}"
# The files that verbs and contract.check run or read. The template.* tasks need the whole template anyway.
PARTS = ("devenv", "tests/contract", "CONTRACT.md")
LAUNCHER = ("run", "fetch.py", "dev.mk", "schema.json")  # what has to come from the same commit
ATTRIBUTES = """\
# Files of the template: byte for byte, and left out of diffs and statistics.
* -text -diff linguist-vendored linguist-generated
"""
OUTSIDE = "../"  # how the paths of the launcher begin in a MANIFEST
OURS = {MANIFEST, ".gitattributes"}


def write(template: Path, dev: Path, commit: str = "") -> Path:
    """Put the tools of a template's folder into `dev`, the .dev of a service. Existing tools are replaced in one step.

    `commit`: the commit of the template's folder, if it is known. Returns the new folder. OSError.
    """
    target, draft = dev / FOLDER, dev / f".{FOLDER}.new"
    shutil.rmtree(draft, ignore_errors=True)
    for part in PARTS:
        if (template / part).is_file():
            shutil.copyfile(template / part, draft / part)
            continue
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(template / part, draft / part, symlinks=True, ignore=ignored)
    (draft / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8")
    if commit:
        (draft / COMMIT).write_text(f"{commit}\n", encoding="utf-8")
    fragments = (f"compose/{path.name}" for path in sorted(dev.glob("compose/*.yaml")))
    names = [*files(draft), *(f"{OUTSIDE}{name}" for name in (*LAUNCHER, *fragments) if (dev / name).is_file())]
    lines = "".join(f"{digest(draft / name)}  {name}\n" for name in names)
    (draft / MANIFEST).write_text(lines, encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(draft, target)
    return target


def differences(folder: Path) -> list[str]:
    """How the tools in a folder differ from its MANIFEST, in words; the launcher next to them is not meant. OSError."""
    sums = {name: wanted for name, wanted in _manifest(folder).items() if not name.startswith(OUTSIDE)}
    return [*_changed(folder, sums), *(f"{name} is not in {MANIFEST}" for name in files(folder) if name not in sums)]


def launcher_sums(tools: Path) -> dict[str, str]:
    """The sums of the files in .dev that come from the same commit as these tools, by their names. OSError."""
    own = tools / PROJECT / ".dev"
    if own.is_dir():
        fragments = sorted(tools.glob(f"{PROJECT}/.stacks/*/.dev/compose/*.yaml"))
        named = {name: digest(own / name) for name in LAUNCHER}
        return {**named, **{f"compose/{path.name}": digest(path) for path in fragments}}
    listed = _manifest(tools).items()
    return {name[len(OUTSIDE) :]: wanted for name, wanted in listed if name.startswith(OUTSIDE)}


def _manifest(folder: Path) -> dict[str, str]:
    """The sums of a MANIFEST by the paths in it. OSError if there is none."""
    text = (folder / MANIFEST).read_text(encoding="utf-8", errors="surrogateescape")
    return {name: wanted for wanted, _, name in (line.partition("  ") for line in text.split("\n") if line)}


def commit_of(tools: Path) -> str:
    """The commit of vendored tools; empty if it is not recorded."""
    try:
        return (tools / COMMIT).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _changed(folder: Path, sums: dict[str, str]) -> Iterator[str]:
    for name, wanted in sums.items():
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif digest(folder / name) != wanted:
            yield f"{name} was changed"


def files(folder: Path) -> list[str]:
    """The files that a MANIFEST lists, as paths from the folder. Hidden ones at the top belong to the machine."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = (path.relative_to(folder) for path in found if "__pycache__" not in path.parts)
    return [str(name) for name in names if str(name) not in OURS and not name.parts[0].startswith(".environment-")]


def digest(path: Path) -> str:
    """The SHA-256 sum of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
