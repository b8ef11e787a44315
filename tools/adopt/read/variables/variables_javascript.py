"""The environment variables that JavaScript and TypeScript read: process.env, tables of options, Prisma's schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.adopt.read.text import javascript
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.variable import Variable, around
from tools.adopt.read.variables import schemas
from tools.adopt.read.variables.keys import own

SUFFIXES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".prisma")
LITERAL = r"""(?:["']([^"'\n]*)["']|(\d+(?:\.\d+)?|true|false)\b)"""
ELSE = re.compile(rf"(?:\s*(?:\|\||\?\?)\s*process\.env\.\w+)*\s*\)?\s*(?:\|\||\?\?|,)\s*{LITERAL}")
CHOSEN = re.compile(r"\s*(?:\|\||\?\?|\?(?!\.)|&&|[!=]==?)")  # it has another value, or is only looked at
LOOKS = re.compile(r"\bif\s*\(\s*$")
READ = re.compile(r"""\bprocess\.env(?:\??\.([A-Z]\w*)|(?:\?\.)?\[\s*["'](\w+)["']\s*\])""")
TAKEN_APART = re.compile(r"\{([^{}]{1,2000})\}\s*=\s*process\.env\b")
MEMBER = re.compile(rf"([A-Z]\w*)\s*(?::\s*\w+\s*)?(?:=\s*{LITERAL})?")
# Tables of options (convict and such), Nest's ConfigService.
OPTION = re.compile(
    r"""\benv:\s*["']([A-Z]\w+)["']|\b[cC]onfig(?:Service)?\.get(?:OrThrow)?(?:<[^>]*>)?\(\s*["']([A-Z]\w+)["']"""
)
NEXT_TO_IT = re.compile(rf"[^{{}}]{{0,400}}?\bdefault:\s*{LITERAL}")
PRISMA = re.compile(r"""\benv\(\s*["'](\w+)["']\s*\)""")
HINTS = re.compile(r"process\.env|\benv:|onfig(Service)?\.get")


def reads(files: Files, names: Iterable[str]) -> Iterator[Variable]:
    """In the order of the files, each read in code: comments and texts have none."""
    for name in names:
        text = files.text(name)
        if name.endswith(".prisma"):
            for match in PRISMA.finditer(text):
                yield _variable(files, name, match, match[1], None, required=True)
        elif HINTS.search(text):
            yield from _code(files, name, javascript.code(text, name))


def _code(files: Files, name: str, code: javascript.Code) -> Iterator[Variable]:
    for match in code.matches(READ):
        otherwise, key = ELSE.match(code.text, match.end()), match[1] or match[2]
        # A library that gets no key fails, at the first request at the latest.
        looks = CHOSEN.match(code.text, match.end()) or LOOKS.search(code.text[: match.start()][-20:])
        needed = own(key) and not otherwise and not looks
        yield _variable(files, name, match, key, _first(otherwise.groups() if otherwise else ()), needed)
    for match in code.matches(TAKEN_APART):
        for member in MEMBER.finditer(match[1]):
            where = files.at(name, match.start(1) + member.start())
            given = _first(member.groups()[1:])
            yield Variable(member[1], where, given, given is None and own(member[1]))
    for field in schemas.fields(code):
        near = around(files, name, field.start, field.end)
        yield Variable(field.name, files.at(name, field.start), field.default, field.required, near)
    for match in code.matches(OPTION):
        default = NEXT_TO_IT.match(code.text, match.end()) if match[1] else None
        yield _variable(files, name, match, match[1] or match[2], _first(default.groups() if default else ()))


def _first(groups: Iterable[str | None]) -> str | None:
    return next((part for part in groups if part is not None), None)


def _variable(
    files: Files, name: str, match: re.Match[str], key: str, default: str | None, required: bool = False
) -> Variable:
    near = around(files, name, match.start(), match.end())
    return Variable(key, files.at(name, match.start()), default, required, near)
