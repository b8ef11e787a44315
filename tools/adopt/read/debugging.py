"""The variable that turns Django's DEBUG on: without it, the development server has no static files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from tools.adopt.found import Found
from tools.adopt.read.files import Files
from tools.adopt.read.syntax import sets
from tools.adopt.read.values import Values
from tools.adopt.read.variable import Variable

OFF = ("", "false", "0", "no", "off", "none")


def switch(
    files: Files, settings: Iterable[str], given: Values, said: Mapping[str, Variable]
) -> tuple[str, Found] | None:
    """The variable and the word that it needs; None if DEBUG is on by default, or a file gives the variable a value.

    `settings`: the files that run, of which the first one that sets DEBUG counts. `said`: the variables of the code.
    """
    made = next(filter(None, (sets(files, name, "DEBUG", top=True) for name in settings)), [])
    if not made:
        return None
    _, value = made[-1]
    words = [each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    names = [word for word in words if word in said]
    if len(names) != 1 or given.get(names[0]) or (said[names[0]].default or "").lower() not in OFF:
        return None
    return names[0], Found(_word(value), said[names[0]].where)


def _word(value: ast.expr) -> str:
    """What the text is compared with; 1 for a number; else True, which libraries take in any case of letters."""
    for node in ast.walk(value):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.In)):
            said = [each.value for each in ast.walk(node.comparators[0]) if isinstance(each, ast.Constant)]
            return next((str(word) for word in said if str(word).lower() not in OFF), "True")
    called = {getattr(node.func, "id", "") for node in ast.walk(value) if isinstance(node, ast.Call)}
    return "1" if "int" in called else "True"
