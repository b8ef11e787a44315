"""Django's DEBUG: the variable that turns it on, and what does not work if it is always off."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from tools.adopt.found import Found, Open
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import sets
from tools.adopt.read.text.variable import Variable

OFF = ("", "false", "0", "no", "off", "none")
# With DEBUG off, a page with a static file is an error until a command has made the list of them.
STATIC = ("STATICFILES_STORAGE", "STORAGES")
MANIFEST = re.compile(r"Manifest\w*Storage")
OFFLINE = "COMPRESS_OFFLINE"


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


def off(files: Files, runs: list[str]) -> Open | None:
    """An open point if DEBUG is always off, and then the server refuses to start, or pages are errors.

    `runs`: the files of the settings, of which the first one that sets DEBUG counts.
    """
    name, found = next(((name, made) for name in runs if (made := sets(files, name, "DEBUG"))), ("", []))
    if not found or not all(isinstance(value, ast.Constant) and value.value is False for _, value in found):
        return None
    what = _no_hosts(files, runs) or _not_collected(files, runs)
    where = f"{name}:{found[0][0]}"
    return Open(Found(f"DEBUG is off, and {what}", where), f"in {name}: DEBUG = True") if what else None


def _no_hosts(files: Files, runs: Iterable[str]) -> str:
    hosts = [value for name in runs for _, value in sets(files, name, "ALLOWED_HOSTS", top=True)]
    allowed = any(not isinstance(value, ast.List) or value.elts for value in hosts)
    return "" if allowed else "ALLOWED_HOSTS is empty"


def _not_collected(files: Files, runs: Iterable[str]) -> str:
    """What pages need first if static files are listed in a manifest, or compressed offline; empty otherwise."""
    made = [(name, one) for name in runs for key in STATIC for one in sets(files, name, key)]
    listed = next((f"{name}:{line}" for name, (line, value) in made if MANIFEST.search(ast.unparse(value))), "")
    if listed:
        return f"pages need the list of static files that collectstatic makes ({listed})"
    offline = [(name, one) for name in runs for one in sets(files, name, OFFLINE)]
    fixed = [f"{name}:{line}" for name, (line, value) in offline if isinstance(value, ast.Constant) and value.value]
    return f"pages need the files that `compress` makes ({fixed[0]})" if fixed else ""


def _word(value: ast.expr) -> str:
    """What the text is compared with; 1 for a number; else True, which libraries take in any case of letters."""
    for node in ast.walk(value):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.In)):
            said = [each.value for each in ast.walk(node.comparators[0]) if isinstance(each, ast.Constant)]
            return next((str(word) for word in said if str(word).lower() not in OFF), "True")
    called = {getattr(node.func, "id", "") for node in ast.walk(value) if isinstance(node, ast.Call)}
    return "1" if "int" in called else "True"
