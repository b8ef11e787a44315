"""The targets of an existing Makefile, and how it runs the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.adopt.found import Found
from tools.adopt.read.text.files import Files
from tools.adopt.wiring import MAKEFILES

TARGET = re.compile(r"^([A-Za-z][\w.-]*(?:[ \t]+[A-Za-z][\w.-]*)*)[ \t]*::?(?![:=])", re.MULTILINE)
TEST = re.compile(r"^tests?[ \t]*::?(?![:=])[^\n]*\n?(?P<recipe>(?:\t[^\n]*(?:\n|$))*)", re.MULTILINE)
ELSEWHERE = re.compile(r"\b(docker|podman|compose|vagrant|kubectl)\b")  # it starts its own containers
PLAIN = re.compile(r"[@+-]*\s*([\w./-]+(?:\s+[\w./:=,-]+)*)")  # it needs no shell


def name_of(files: Files) -> str:
    """The file that make would read; empty if there is none."""
    return next((name for name in MAKEFILES if files.has(name)), "")


def targets(files: Files) -> Found | None:
    """Their names in one line, and the place of the first one; None without a Makefile."""
    name = name_of(files)
    every = (target for match in TARGET.finditer(files.text(name)) for target in match[1].split())
    known = list(dict.fromkeys(every))
    return Found(", ".join(known), files.where(name, TARGET.pattern)) if name else None


def command(files: Files, names: Iterable[str]) -> Found | None:
    """The command of the first of these targets that has a single one, which needs no shell and no container."""
    name = name_of(files)
    for target in names:
        pattern = rf"^{target}[ \t]*::?(?![:=])[^\n]*\n(?P<recipe>(?:\t[^\n]*(?:\n|$))+)"
        match = re.search(pattern, files.text(name), re.MULTILINE)
        plain = PLAIN.fullmatch(match["recipe"].strip()) if match and not ELSEWHERE.search(match[0]) else None
        if match and plain and "\n" not in plain[0]:
            return Found(plain[1], files.at(name, match.start("recipe")))
    return None


def test(files: Files) -> Found | None:
    """The target's command if it is a single one, else the target itself."""
    name = name_of(files)
    match = TEST.search(files.text(name))
    if not match or ELSEWHERE.search(match[0]):
        return None
    plain = PLAIN.fullmatch(match["recipe"].strip())
    if plain and "\n" not in plain[0] and plain[1].split()[0] != "make":
        return Found(plain[1], files.at(name, match.start("recipe")))
    return Found(f"make {match[0].split(':')[0].strip()}", files.at(name, match.start()))
