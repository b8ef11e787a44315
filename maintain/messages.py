"""The error messages of the tools, collected from the source: each place that raises one, with its code and hints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from devenv.base import errors

REPO = Path(__file__).resolve().parent.parent
LAUNCHER = REPO / "{{cookiecutter.repo_name}}" / ".dev"
SOURCES = (REPO / "devenv", LAUNCHER / "fetch.py", REPO / "tools" / "adopt", REPO / "tools" / "fleet")
RAISED = {"DevError", "Refusal", "Stop"}  # each is called with code, message and hints
CODES = {**{name: value for name, value in vars(errors).items() if isinstance(value, int)}, "LOSS": errors.REFUSED}
PRINTED = re.compile(r"error\[(\d+)\]: (.+)")
ELLIPSIS = "…"
# Variables whose own name says nothing to a reader.
SAID = {"PIN": ".cruft.json", "FILE": "schema.sql", "message": "", "what": "", "said": "", "at": "LINE"}


Scope = tuple[ast.AST, ...]


class Message(NamedTuple):
    """What a place in the source prints: its first line.

    `code` is 0 if it is that of another command. `text` is empty if only the caller knows it.
    """

    code: int
    text: str
    hints: tuple[str, ...]
    place: str


@cache
def collect() -> list[Message]:
    """All messages, in the order of the source."""
    files = [path for source in SOURCES for path in (sorted(source.rglob("*.py")) if source.is_dir() else [source])]
    shell = [Message(int(code), text, (), "run") for code, text in re.findall(r"'error\[(\d+)\]: (.+)'", script())]
    return [message for path in files for message in _in_file(path)] + shell


def script() -> str:
    return (LAUNCHER / "run").read_text()


def _in_file(path: Path) -> Iterator[Message]:
    tree = ast.parse(path.read_text())
    for scope, node in _nodes(tree, (tree,)):
        place = f"{path.relative_to(REPO)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            yield from (Message(*found, place) for found in _raised(node, scope))
        elif isinstance(node, (ast.Constant, ast.JoinedStr)):
            printed = PRINTED.match(_text(node))
            if printed:
                yield Message(int(printed[1]), printed[2], (), place)


def _nodes(node: ast.AST, scope: Scope) -> Iterator[tuple[Scope, ast.AST]]:
    """All nodes, each with the module and the functions that it is in. The parts of an f-string are one node."""
    for child in ast.iter_child_nodes(node):
        yield scope, child
        if not isinstance(child, ast.JoinedStr):
            yield from _nodes(child, (*scope, child) if isinstance(child, ast.FunctionDef) else scope)


def _raised(call: ast.Call, scope: Scope) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in RAISED and len(call.args) > 1:
        code, message, *hints = call.args
        prefix = ""
    elif name == "error" and call.args and isinstance(call.func, ast.Attribute):  # Document.error, RawService.error
        keys, *rest = call.args
        code, prefix = ast.Constant(errors.CONFIG), "FILE:LINE: "
        message, *hints = [keys] if _strings(keys, scope) else rest or [keys]
    else:
        return
    shown = tuple(text for hint in hints for text in _strings(hint, scope)[:1] if text.strip(f" {ELLIPSIS}"))
    for text in _strings(message, scope) or [""]:
        yield _number(code), f"{prefix}{text}" if text else "", shown


def _number(code: ast.expr) -> int:
    if isinstance(code, ast.Constant) and isinstance(code.value, int):
        return code.value
    return CODES.get(code.id, 0) if isinstance(code, ast.Name) else 0


def _strings(node: ast.expr, scope: Scope) -> list[str]:
    """The first lines that an expression can be; none if only the caller knows."""
    if isinstance(node, ast.Name):
        value = _assigned(node, scope)
        return _strings(value, scope) if value else []
    if isinstance(node, ast.IfExp):
        return _strings(node.body, scope) + _strings(node.orelse, scope)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in _strings(value, scope)]
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "join" and isinstance(node.args[0], ast.List):
        return _strings(node.args[0].elts[0], scope) if node.args[0].elts else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return [re.sub(r"\{[^}]*\}", ELLIPSIS, text) for text in _strings(node.func.value, scope)]
    text = _text(node)
    return [text.splitlines()[0]] if text.strip(f" {ELLIPSIS}") else []


def _assigned(name: ast.Name, scope: Scope) -> ast.expr | None:
    """The value of a variable: the last assignment before this place, in the function or else in the module."""
    for place in (scope[-1], scope[0]):
        found = [each for each in ast.walk(place) if isinstance(each, ast.Assign) and each.lineno < name.lineno]
        for each in reversed(found):
            for target in each.targets:
                if isinstance(target, ast.Name) and target.id == name.id:
                    return each.value
                if isinstance(target, ast.Tuple) and isinstance(each.value, ast.Tuple):
                    for part, value in zip(target.elts, each.value.elts):
                        if isinstance(part, ast.Name) and part.id == name.id:
                            return value
    return None


def _text(node: ast.AST) -> str:
    """A text with placeholders: the name of a variable in capitals, an ellipsis for what is computed."""
    if isinstance(node, ast.Constant):
        return node.value.replace("{}", ELLIPSIS) if isinstance(node.value, str) else ""  # of str.format
    if isinstance(node, ast.JoinedStr):
        parts = (
            _placeholder(part.value) if isinstance(part, ast.FormattedValue) else _text(part) for part in node.values
        )
        return "".join(parts)
    return ""


def _placeholder(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _placeholder(node.value)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return SAID.get(name, name.strip("_").upper()) or ELLIPSIS
