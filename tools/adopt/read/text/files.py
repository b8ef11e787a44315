"""The tracked files of any repository: read safely, with the line of each finding."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from tools.adopt.found import Found

SOURCES = (".py", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")
LARGEST = 1_000_000  # bytes; larger files are not written by hand
LONGEST = 500  # characters of the average line; longer lines are in bundles
# Folders with code that is not part of the running service.
ASIDE = re.compile(
    r"(^|/)(node_modules|vendor|third_party|\.git|\.venv|venv|static|public|docs?|examples?|tests?|__tests__|testing|e2e"
    r"|fixtures|benchmarks?|site-packages|\.devcontainer|\.storybook|stories|frontend/(build|dist))/"
)
TEST = re.compile(r"(^|/)(test_[^/]*|conftest|[^/]*_test)\.py$|\.(test|spec|stories|min|d)\.[cm]?[jt]sx?$")


def nearest(name: str) -> tuple[int, str]:
    """What sorts names: those in the fewest folders first."""
    return name.count("/"), name


def bases(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by the part after the last `/`: to go through all of them for each question takes a minute."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.rpartition("/")[2], []).append(name)
    return found


class Files:
    """A folder and the names of its tracked files. A file that cannot be read is empty; no method raises.

    `names` are relative POSIX paths. A link that leaves the folder is not followed: its target is not part of the
    repository.
    """

    def __init__(self, root: Path, names: Iterable[str]) -> None:
        self.root = root.resolve()
        self.names = tuple(sorted(set(names), key=nearest))
        self.has = frozenset(self.names).__contains__
        self.text = cache(self._text)
        self.tree = cache(self._tree)
        self.code = cache(self._code)
        self._bases = bases(self.names)
        self._starts = cache(lambda name: [match.end() for match in re.finditer("\n", self.text(name))])

    def _text(self, name: str) -> str:
        """The content with `\\n` as line ends; bytes that are not UTF-8 are replaced."""
        if not self.has(name):
            return ""
        try:
            path = (self.root / name).resolve(strict=True)
            if not path.is_relative_to(self.root) or not path.is_file() or path.stat().st_size > LARGEST:
                return ""
            content = path.read_bytes().decode("utf-8-sig", errors="replace")
        except (OSError, RuntimeError, ValueError):  # a loop of links, a name with a zero byte
            return ""
        return content.replace("\r\n", "\n").replace("\r", "\n")

    def _tree(self, name: str) -> ast.Module | None:
        """Python source as a tree; None if this Python cannot parse it, such as Python 2."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # warnings about their code are not our concern
                return ast.parse(self.text(name))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def named(self, *patterns: str, depth: int = 99) -> list[str]:
        """The files whose base name matches, at most `depth` folders down, in the order of the patterns."""
        found: dict[str, None] = {}
        for pattern in patterns:
            same = self._bases if re.search(r"[*?[]", pattern) else {pattern: ()}
            every = [name for base in same if fnmatch(base, pattern) for name in self._bases.get(base, ())]
            found |= dict.fromkeys(sorted((name for name in every if name.count("/") <= depth), key=nearest))
        return list(found)

    def ending(self, *paths: str) -> list[str]:
        """The files at one of these paths, from here or from a folder: `shop/app.py` is `src/shop/app.py`, too."""
        every = [(path, name) for path in paths for name in self._bases.get(path.rpartition("/")[2], ())]
        return sorted({name for path, name in every if f"/{name}".endswith(f"/{path}")}, key=nearest)

    def _code(self, *suffixes: str) -> list[str]:
        """Source files of the service itself, without tests, vendored files and bundles."""
        wanted = [name for name in self.names if name.endswith(suffixes)]
        own = [name for name in wanted if not ASIDE.search("/" + name) and not TEST.search(name)]
        return [name for name in own if self.by_hand(name)]

    def by_hand(self, name: str) -> bool:
        return len(self.text(name)) <= LONGEST * (len(self._starts(name)) + 1)

    def at(self, name: str, offset: int) -> str:
        """`name:line` of a position in a file's text."""
        return f"{name}:{bisect(self._starts(name), offset) + 1}"

    def offset(self, name: str, line: int) -> int:
        """The position of a line's first character; `line` counts from 1."""
        return 0 if line < 2 else self._starts(name)[line - 2]

    def where(self, name: str, pattern: str) -> str:
        """`name:line` of the first match of a pattern; only the name without a match."""
        match = re.search(pattern, self.text(name), re.MULTILINE)
        return self.at(name, match.start()) if match else name

    def search(self, pattern: re.Pattern[str], names: Iterable[str]) -> Iterator[tuple[re.Match[str], str]]:
        """Each match with its place."""
        for name in names:
            for match in pattern.finditer(self.text(name)):
                yield match, self.at(name, match.start())

    def first(self, pattern: re.Pattern[str], names: Iterable[str]) -> Found | None:
        """The first group of the first match."""
        for match, where in self.search(pattern, names):
            return Found(match[1], where)
        return None
