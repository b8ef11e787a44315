"""The list of repositories: what stands in the file, and what it means."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.adopt.errors import USAGE, Refusal

# https://host/path, file:///path, host:path as scp has it. No word that begins with a hyphen is one.
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9][\w.-]*(@[\w.-]+)?:(?!\\)")
SECRET = re.compile(r"(\w://)[^/\s]*@")


@dataclass(frozen=True)
class Repo:
    """One line: `name` as the list has it, without a password; `where` for git: a URL, or an absolute path.

    `error`: why it is neither.
    """

    name: str
    where: str
    is_url: bool
    error: str = ""

    @property
    def folder(self) -> str:
        """What a clone of it would be called: a service's name until it says its own."""
        return self.where.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")


def read(source: str) -> list[Repo]:
    """The repositories that a file names, or stdin for `-`. Raises Refusal."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(
            USAGE, f"the list {source} cannot be read: {error}", "inv fleet.check FILE, or - for stdin"
        ) from None
    found = parse(text, Path.cwd() if source == "-" else Path(source).resolve().parent)
    if not found:
        raise Refusal(USAGE, f"the list {source} names no repository", "one path or git URL in each line")
    return found


def parse(text: str, base: Path) -> list[Repo]:
    """The repositories in their order, each once; relative paths start at `base`; `#` begins a line of comment."""
    lines = (line.strip() for line in text.splitlines())
    repos = [repo(line, base) for line in lines if line and not line.startswith("#")]
    first: dict[str, Repo] = {}
    for one in repos:
        first.setdefault(one.where, one)
    return list(first.values())


def repo(line: str, base: Path) -> Repo:
    """What a line means; never an exception, since the other lines are good."""
    if URL.match(line):
        return Repo(without_secret(line), line, True, "a NUL is in its URL" if "\0" in line else "")
    try:
        return Repo(line, str((base / Path(line).expanduser()).resolve()), False)
    except (OSError, RuntimeError, ValueError) as error:  # no such home, a loop of links, a NUL
        return Repo(line, line, False, f"that is no path: {error}")


def without_secret(text: str) -> str:
    """What may be shown: names and passwords before a host are left out."""
    return SECRET.sub(r"\1", text)
