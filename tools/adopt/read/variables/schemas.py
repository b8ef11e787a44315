"""Schemas that check `process.env` when a program starts: zod, Joi, envalid, and what is built on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tools.adopt.read.text import javascript

USES = re.compile(r"\bz\.object\(|\b[jJ]oi\.object\(|\bcleanEnv\(|\bcreateEnv\(")
FIELD = re.compile(
    r"""(?:^|[{,])\s*["']?(?P<name>[A-Z][A-Z0-9_]+)["']?\s*:\s*(?=(?:z\.|[jJ]oi\.|(?:str|num|bool|port|url|host|email|json)\())""",
    re.MULTILINE,
)
DEFAULT = re.compile(
    r"""\b(?:default|devDefault)\s*(?:\(|:)\s*(?:["'`]([^"'`\n$]*)["'`]|(\d+(?:\.\d+)?|true|false)\b)"""
)
HAS_DEFAULT = re.compile(r"\b(?:default|devDefault|catch)\s*[(:]")
OPTIONAL = re.compile(r"\.(?:optional|nullish|nullable)\(|\bdefault:\s*undefined")


class Field(NamedTuple):
    """A variable: where it is in the text, its default, and whether the program ends without it."""

    name: str
    start: int
    end: int
    default: str | None
    required: bool


def fields(code: javascript.Code) -> Iterator[Field]:
    """The variables of a file's schemas; none if the file checks something else."""
    if not USES.search(code.text) or "process.env" not in code.text:
        return
    for match in FIELD.finditer(code.text):
        said = javascript.enclosed(code.text, match.end(), "(){}[]", ends=",")
        given = DEFAULT.search(said)
        joi = said[:3].lower() == "joi"
        absent = HAS_DEFAULT.search(said) or OPTIONAL.search(said) or (joi and ".required(" not in said)
        default = next((each for each in given.groups() if each is not None), None) if given else None
        yield Field(match["name"], match.start("name"), match.end() + len(said), default, not absent)
