"""The environment variables that code reads, with their defaults."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from tools.adopt.read import databases
from tools.adopt.read.files import Files
from tools.adopt.read.metadata import parse

ARGUMENTS = r"((?:[^()]|\([^()]*\)){0,300}?)\)"
QUOTED = r"""\s*["'](\w+)["']\s*"""
INDEXED = re.compile(rf"(?<![\w.])(?:os\.)?environ\[{QUOTED}\](?!\s*=[^=])")
GOTTEN = re.compile(rf"(?<![\w.])(?:os\.)?(?:environ\.get|getenv)\({QUOTED}{ARGUMENTS}")
# `environ` that is not from os is a WSGI request's.
IMPORTED = re.compile(r"^\s*from os import\b.*\b(environ|getenv)\b", re.MULTILINE)
# django-environ and environs; decouple and Starlette. Only upper case: other libraries have such functions, too.
CALLED = re.compile(rf"""\b(?:env(?:\.\w+)?|config)\(\s*["']([A-Z]\w*)["']\s*{ARGUMENTS}""")
# A function of the repository with a similar name: `get_env_bool("DEBUG", False)`, `envsecret("KEY", "")`.
HELPER = re.compile(
    rf"""\b(?!set|put|mock|del)(?:\w+_env|\w*_env_\w+|env_\w+|env[a-z]+|from_env)\(\s*["']([A-Z]\w*)["']\s*{ARGUMENTS}"""
)
# Functions that read a variable without naming it.
NAMELESS = {
    "DATABASE_URL": re.compile(rf"\b(?:dj_database_url\.config|env\.(?:dj_)?db(?:_url)?)\((?!\s*[\"']){ARGUMENTS}"),
    "CACHE_URL": re.compile(rf"\benv\.cache(?:_url)?\((?!\s*[\"']){ARGUMENTS}"),
}
LITERAL = r"""(?:["']([^"'\n]*)["']|(\d+(?:\.\d+)?|True|False|true|false)\b)"""
DEFAULT = re.compile(rf"(?:\bdefault\s*=|^\s*,(?!\s*\w+\s*=))\s*{LITERAL}")
HAS_DEFAULT = re.compile(r"\b(?:default|env)\s*=|^\s*,(?!\s*\w+\s*=)")
ELSE = re.compile(rf"(?:\s*(?:\|\||\?\?)\s*process\.env\.\w+)*\s*\)?\s*(?:\|\||\?\?|,)\s*{LITERAL}")
NODE = re.compile(r"""\bprocess\.env(?:\.([A-Z]\w*)|\[\s*["'](\w+)["']\s*\])""")
TAKEN_APART = re.compile(r"\{([^{}]{1,2000})\}\s*=\s*process\.env\b")
MEMBER = re.compile(rf"([A-Z]\w*)\s*(?::\s*\w+\s*)?(?:=\s*{LITERAL})?")
# Tables of options (convict and such), Nest's ConfigService, Prisma's schema.
OPTION = re.compile(
    r"""\benv:\s*["']([A-Z]\w+)["']|\b[cC]onfig(?:Service)?\.get(?:OrThrow)?(?:<[^>]*>)?\(\s*["']([A-Z]\w+)["']"""
)
BESIDE = re.compile(rf"[^{{}}]{{0,400}}?\bdefault:\s*{LITERAL}")
PRISMA = re.compile(r"""\benv\(\s*["'](\w+)["']\s*\)""")
SETTINGS = re.compile(r"(^|/)(settings?|config|configuration|env|environment|base|production|local)(/|\.|_|-)", re.I)
SIDE = re.compile(r"(^|/)(scripts?|tools?|ci|\.github|deploy|hooks?)/|setup\.py$|fabfile|noxfile")  # run by people


@dataclass(frozen=True)
class Variable:
    """`default`: as text, if it is a literal. `required`: the code fails without it. `near`: the lines around."""

    name: str
    where: str
    default: str | None = None
    required: bool = False
    near: str = ""


def variables(files: Files, language: str, without: Collection[str] = ()) -> dict[str, Variable]:
    """By name, the first use with a default, else the first one; settings files come first, those `without` not."""
    suffixes = (".py",) if language == "python" else (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".prisma")
    own = [name for name in files.code(*suffixes) if not SIDE.search(name) and name not in without]
    names = sorted(own, key=lambda name: not SETTINGS.search(name))
    found: dict[str, Variable] = {}
    for variable in python_reads(files, names) if language == "python" else node_reads(files, names):
        known = found.get(variable.name)
        if known is None or (known.default is None and variable.default is not None and not known.required):
            found[variable.name] = variable
    return found


def python_reads(files: Files, names: Iterable[str]) -> Iterator[Variable]:
    for name in names:
        text = files.text(name)
        yield from (Variable(*read[:3], near=read[3]) for read in databases.reads(files, name))
        if not re.search(r"environ|getenv|\benv|_env|env_|config\(|BaseSettings|dj_database_url", text):
            continue
        ours = bool(IMPORTED.search(text))
        reads: list[tuple[re.Match[str], str, str | None, bool]]
        reads = [(match, match[1], None, True) for match in INDEXED.finditer(text)]
        reads += [(match, match[1], match[2], False) for match in GOTTEN.finditer(text)]
        reads += [(match, match[1], match[2], True) for match in CALLED.finditer(text)]
        reads += [(match, match[1], match[2], False) for match in HELPER.finditer(text)]
        reads += [(match, key, match[1], False) for key, each in NAMELESS.items() for match in each.finditer(text)]
        for match, key, arguments, required in sorted(reads, key=lambda read: read[0].start()):
            if ours or not match[0].startswith(("environ", "getenv")):
                needed = required and not re.search(rf"[\"']{key}[\"']\s+(?:not\s+)?in\s+(?:os\.)?environ", text)
                yield _variable(files, name, match, key, *_default(arguments, needed))
        yield from _fields(files, name)


def _default(arguments: str | None, required: bool) -> tuple[str | None, bool]:
    """The default among a call's other arguments, even if it is not a literal."""
    if arguments is None:
        return None, required
    match = DEFAULT.search(arguments)
    value = next((part for part in match.groups() if part is not None), None) if match else None
    return value, required and not HAS_DEFAULT.search(arguments)


def _variable(
    files: Files, name: str, match: re.Match[str], key: str, default: str | None, required: bool = False
) -> Variable:
    text = match.string
    start = text.rfind("\n", 0, max(text.rfind("\n", 0, match.start()), 0)) + 1
    end = text.find("\n", text.find("\n", match.end()) + 1)
    near = text[max(start, match.start() - 300) : min(end if end > 0 else len(text), match.end() + 300)]
    return Variable(key, files.at(name, match.start()), default, required, near)


def _fields(files: Files, name: str) -> Iterator[Variable]:
    """The fields of pydantic's settings classes, with their variables' names."""
    if "BaseSettings" not in files.text(name):
        return
    tree = parse(files.text(name))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] if tree else []
    for node in classes:
        if any("Settings" in ast.unparse(base) for base in node.bases):
            # Otherwise it may be a part of another class, which has a default.
            made = any(f"{node.name}()" in files.text(each) for each in files.code(".py"))
            yield from _class_fields(name, node, made)


def _class_fields(file: str, node: ast.ClassDef, made: bool) -> Iterator[Variable]:
    prefix = _keyword(node, "env_prefix") or ""
    for item in node.body:
        if (
            not isinstance(item, ast.AnnAssign)
            or not isinstance(item.target, ast.Name)
            or item.target.id == "model_config"
        ):
            continue
        given = item.value
        call = given if isinstance(given, ast.Call) else None
        other = next(
            (name for key in ("validation_alias", "alias", "env") if call and (name := _keyword(call, key))), None
        )
        default = given if call is None else next(iter(call.args), None) or _node(call, "default")
        literal = str(default.value) if isinstance(default, ast.Constant) and default.value not in (None, ...) else None
        required = made and (given is None or (isinstance(default, ast.Constant) and default.value is ...))
        yield Variable(
            other or (prefix + item.target.id).upper(), f"{file}:{item.lineno}", literal, required, ast.unparse(item)
        )


def _node(call: ast.AST, key: str) -> ast.expr | None:
    """The value of a keyword argument, or of an assignment to that name, anywhere below."""
    for each in ast.walk(call):
        if isinstance(each, ast.keyword) and each.arg == key:
            return each.value
        if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == key:
            return each.value
    return None


def _keyword(call: ast.AST, key: str) -> str | None:
    value = _node(call, key)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def node_reads(files: Files, names: Iterable[str]) -> Iterator[Variable]:
    for name in names:
        text = files.text(name)
        if name.endswith(".prisma"):
            yield from (_variable(files, name, match, match[1], None, True) for match in PRISMA.finditer(text))
            continue
        for match in NODE.finditer(text):
            otherwise = ELSE.match(text, match.end())
            default = next((part for part in otherwise.groups() if part is not None), None) if otherwise else None
            yield _variable(files, name, match, match[1] or match[2], default)
        for match in TAKEN_APART.finditer(text) if "process.env" in text else ():
            for member in MEMBER.finditer(match[1]):
                default = next((part for part in member.groups()[1:] if part is not None), None)
                yield Variable(member[1], files.at(name, match.start(1) + member.start()), default)
        for match in OPTION.finditer(text):
            beside = BESIDE.match(text, match.end()) if match[1] else None
            default = next((part for part in beside.groups() if part is not None), None) if beside else None
            yield _variable(files, name, match, match[1] or match[2], default)
