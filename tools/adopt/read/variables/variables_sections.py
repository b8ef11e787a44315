"""Variables whose names code makes of a section and an option: `f"SHOP_{section}_{option}".upper()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, constants, dotted, nodes, text
from tools.adopt.read.text.variable import Variable

GETS = ("get", "getint", "getfloat", "getboolean")  # those of configparser
PARTS = 2  # a section and an option
MADE = "{0}", "{1}"

Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def reads(files: Files, names: Iterable[str]) -> Iterator[Variable]:
    """The reads of such variables by a function of the code, or by an object whose class has one."""
    names = list(names)
    made = dict(pair for name in names if "environ" in files.text(name) for pair in _makers(files.tree(name)))
    for name in names:
        tree = files.tree(name) if any(one in files.text(name) for one in made) else None
        for call, pattern in _calls(tree, made) if tree else ():
            given = [*call.args[PARTS:], *(each.value for each in call.keywords if each.arg in ("fallback", "default"))]
            default = next((str(one.value) for one in given if isinstance(one, ast.Constant) and one.value), None)
            variable = pattern.format(*(re.sub(r"\W", "_", text(each)).upper() for each in call.args[:PARTS]))
            yield Variable(variable, f"{name}:{call.lineno}", default, near=_near(files, name, call))


def _near(files: Files, name: str, call: ast.Call) -> str:
    """The lines of the call, and the next two, which may say what its value is compared with."""
    return "\n".join(files.text(name).split("\n")[call.lineno - 1 : (call.end_lineno or call.lineno) + 2])


def _makers(tree: ast.Module | None) -> Iterator[tuple[str, str]]:
    """The functions that make a name, and the classes that have one as a method, with the pattern of the names."""
    texts = constants(tree) if tree else {}
    for node in tree.body if tree else ():
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = f"{getattr(node, 'name', '')}."
        fixed = {
            **texts,
            **{f"self.{key.removeprefix(owner)}": each for key, each in texts.items() if key.startswith(owner)},
        }
        for each in inside:
            if isinstance(each, Functions) and (pattern := _pattern(each, fixed)):
                yield getattr(node, "name", each.name), pattern
                break


def _pattern(function: ast.FunctionDef | ast.AsyncFunctionDef, fixed: Mapping[str, str]) -> str:
    """`SHOP_{0}_{1}` if a function makes such a name of its first two arguments; empty otherwise.

    `fixed`: the texts of constants, such as a prefix.
    """
    arguments = [each.arg for each in function.args.args if each.arg not in ("self", "cls")][:PARTS]
    known = {**fixed, **{name: MADE[number] for number, name in enumerate(arguments)}}
    for node in ast.walk(function) if len(arguments) == PARTS else ():
        pattern = _joined(node, known)
        if all(pattern.count(part) == 1 for part in MADE) and pattern.replace("{0}", "").replace("{1}", "").isupper():
            return pattern
    return ""


def _joined(node: ast.AST, known: Mapping[str, str]) -> str:
    """The pattern of an f-string, a sum of texts, or a call of format."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part, known) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return "".join(_joined(each, known) or _part(each, known) for each in (node.left, node.right))
    if isinstance(node, ast.Call) and callee(node) == "format" and isinstance(node.func, ast.Attribute):
        parts, pieces = [_part(each, known) for each in node.args], text(node.func.value).split("{}")
        return "".join(map("".join, zip(pieces, [*parts, ""]))) if len(pieces) == len(parts) + 1 else ""
    return ""


def _part(node: ast.expr, known: Mapping[str, str]) -> str:
    """A text as it is, and a name as what is known for it, also inside of `section.upper()`."""
    names = [name for each in ast.walk(node) if (name := dotted(each)) in known]
    return known[names[0]] if names else text(node)


def _calls(tree: ast.Module, made: Mapping[str, str]) -> Iterator[tuple[ast.Call, str]]:
    """The calls with a section and an option that are texts, and the pattern of their variable."""
    objects: dict[str, str] = {}  # by the name that the module gives to an object of a class
    calls = []
    for node in nodes(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and callee(node.value) in made:
            pattern = made[callee(node.value)]
            objects |= {target.id: pattern for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Call) and len(node.args) >= PARTS and all(map(text, node.args[:PARTS])):
            calls.append(node)
    for call in calls:
        owner = str(getattr(getattr(call.func, "value", None), "id", ""))
        pattern = made.get(callee(call), "") or (objects.get(owner, "") if callee(call) in GETS else "")
        if pattern:
            yield call, pattern
