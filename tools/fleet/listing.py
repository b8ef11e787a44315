"""The list of repositories: reads the file."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.adopt.errors import USAGE, Refusal

# https://host/path, file:///path, host:path as in scp. A word that starts with a hyphen is not a URL.
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9][\w.-]*(@[\w.-]+)?:(?!\\)")
SECRET = re.compile(r"(\w://)[^/\s]*@")


@dataclass(frozen=True)
class Repo:
    """One line: `name` as in the list, without a password; `where` for git: a URL, or an absolute path.

    `error`: why it is neither.
    """

    name: str
    where: str
    is_url: bool
    error: str = ""

    @property
    def folder(self) -> str:
        """The name that a clone would have: used as the service's name until that is known."""
        return self.where.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")


def read(source: str) -> list[Repo]:
    """The repositories in a file, or in stdin for `-`. Raises Refusal."""
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
    """The repositories in their order, each once. Relative paths start at `base`; lines with `#` are comments."""
    lines = (line.strip() for line in text.splitlines())
    repos = [repo(line, base) for line in lines if line and not line.startswith("#")]
    first: dict[str, Repo] = {}
    for one in repos:
        first.setdefault(one.where, one)
    return list(first.values())


def repo(line: str, base: Path) -> Repo:
    """The repository of a line. It never raises, since other lines may be valid."""
    if URL.match(line):
        return Repo(without_secret(line), line, True, "a NUL is in its URL" if "\0" in line else "")
    try:
        return Repo(line, str((base / Path(line).expanduser()).resolve()), False)
    except (OSError, RuntimeError, ValueError) as error:  # an unknown user, a loop of links, a NUL
        return Repo(line, line, False, f"not a path: {error}")


def without_secret(text: str) -> str:
    """The text without user names and passwords before a host."""
    return SECRET.sub(r"\1", text)
