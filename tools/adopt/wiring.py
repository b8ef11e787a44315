"""Adds one line to the repository's Makefile and tasks.py, so that `make dev.up` and `inv dev.up` work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.adopt.repository import Entry

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in the order in which make looks for them
INCLUDE = b"include .dev/dev.mk"
# It hands dev.*, contract.* and template.* over to .dev/run, and is not in the order that their tools want.
IMPORT = b"import dev_tasks  # noqa: F401  # isort: skip"
TARGETS = re.compile(rb"^([^\t#:=\n][^:=\n]*)::?(?!=)", re.MULTILINE)
TASKS = re.compile(r"^DEV_TASKS := ((?:.*\\\n)*.*)$", re.MULTILINE)  # in our dev.mk
DEV_MK = Path(__file__).resolve().parents[2] / "{{cookiecutter.repo_name}}/.dev/dev.mk"
BOM = b"\xef\xbb\xbf"
INVOKE = re.compile(rb"^\s*(from|import)\s+invoke\b", re.MULTILINE)


@dataclass(frozen=True)
class Unwired:
    """Why a file was not changed, and what its owner can do."""

    why: str
    instead: str


def makefile(name: str, entry: Entry) -> Entry | Unwired:
    """A Makefile that includes the tasks in its last line: further up they would become its default goal."""
    by_hand = f"add `{INCLUDE.decode()}` to {name} as its last line; until then .dev/run dev.up does the same"
    if entry.mode == "120000":
        return Unwired(f"{name} is a link", by_hand)
    if b"\r\n" in entry.content:
        return Unwired(f"{name} has Windows line endings, which make treats as part of a name", by_hand)
    text = entry.content
    if text and not text.endswith(b"\n"):
        text += b"\n"
    if text.endswith(b"\\\n"):
        text += b"\n"  # else our line would continue the last one
    theirs = b" ".join(sorted({own for own, _ in _same(entry)}))
    keeps = b"DEV_THEIRS := " + theirs + b"\n" if theirs else b""
    return entry._replace(content=text + keeps + INCLUDE + b"\n")


def same_targets(name: str, entry: Entry) -> list[Unwired]:
    """The targets that keep the repository's own recipe, since it has the same names as ours."""
    return [
        Unwired(
            f"{name}:{line} has a target {own.decode()} of its own, which stays",
            f"for ours, use .dev/run {own.decode()}",
        )
        for own, line in _same(entry)
    ]


def _same(entry: Entry) -> Iterator[tuple[bytes, int]]:
    ours = our_targets()
    for rule in TARGETS.finditer(entry.content):
        line = entry.content[: rule.start()].count(b"\n") + 1
        yield from ((own, line) for own in rule[1].split() if own in ours)


@cache
def our_targets() -> frozenset[bytes]:
    """The targets of our dev.mk."""
    tasks = TASKS.search(DEV_MK.read_text(encoding="utf-8"))
    return frozenset(word.encode() for word in (tasks[1] if tasks else "").replace("\\", " ").split()) | {b"dev.help"}


def tasks(name: str, entry: Entry) -> Entry | Unwired:
    """A tasks.py that imports dev_tasks first: its own imports may need packages that are not installed."""
    instead = "use make dev.up or .dev/run dev.up"
    if entry.content.startswith(BOM):
        return Unwired(f"{name} begins with a byte order mark, before which no line is possible", instead)
    if entry.mode == "120000" or not INVOKE.search(entry.content):
        return Unwired(f"{name} does not define tasks of invoke, so `inv` is not for this repository", instead)
    try:
        body = ast.parse(entry.content).body
    except (SyntaxError, ValueError):
        return Unwired(f"{name} cannot be read as Python", instead)
    lines = entry.content.splitlines(keepends=True)
    at = next((start(statement) - 1 for statement in body if not must_be_first(statement)), len(lines))
    end = b"\r\n" if lines[:1] and lines[0].endswith(b"\r\n") else b"\n"
    if at and not lines[at - 1].endswith(b"\n"):
        lines[at - 1] += end
    return entry._replace(content=b"".join([*lines[:at], IMPORT + end, *lines[at:]]))


def start(statement: ast.stmt) -> int:
    """Its first line: that of its first decorator, if it has some."""
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])


def must_be_first(statement: ast.stmt) -> bool:
    """Whether it is the docstring or an import from __future__."""
    doc = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return doc or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
