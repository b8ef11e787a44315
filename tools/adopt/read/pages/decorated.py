"""Routes as decorators: `@app.route("/")` on an application, or on a part of it that is mounted under a prefix."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from tools.adopt.read.pages.page import FUNCTIONS, ROUTES, Page, closed, imported, joined, of_function, texts
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes, path_of

Trees = Mapping[str, ast.Module]
DEPTH = 5  # of imports, and of parts in parts
PLAIN = re.compile(r"[\w./-]*")
GUARDS = ("before_request", "before_app_request", "middleware")  # decorators of functions that see each request


class Syntax(NamedTuple):
    """The words of a framework: `Flask(...)`, `Blueprint(url_prefix=)`, `register_blueprint(part, url_prefix=)`."""

    whole: tuple[str, ...]
    part: str
    mount: str
    prefix: str


class Part(NamedTuple):
    """An application, or a part of it: where it is made, and the variable."""

    file: str
    variable: str


def pages(files: Files, syntax: Syntax) -> list[Page]:
    """Every page without parameters whose whole path is known."""
    trees = {name: tree for name in files.code(".py") if (tree := files.tree(name))}
    made = {Part(name, key): call for name, tree in trees.items() for key, call in _made(tree, syntax).items()}
    defaults = _defaults(trees)
    mounts = _mounts(files, trees, made, syntax)
    guarded = any(_guards(tree) for tree in trees.values())
    found = []
    for name, tree in trees.items():
        for node in (each for each in nodes(tree) if isinstance(each, FUNCTIONS)):
            for variable, path, call in _routes(node):
                prefix = _prefix(_part(files, trees, made, name, variable), made, mounts, syntax, defaults)
                if prefix is not None:
                    page = of_function(files, node, joined(prefix, path), f"{name}:{call.lineno}", tree)
                    shut = any(closed(each.value) for each in call.keywords if each.arg == "dependencies")
                    found.append(replace(page, open=page.open and (page.login or not (guarded or shut))))
    return found


def _part(files: Files, trees: Trees, made: Mapping[Part, ast.Call], name: str, variable: str) -> Part:
    """What a name or `module.name` of a file stands for, through its imports."""
    first, _, rest = variable.partition(".")
    for _ in range(DEPTH):
        if Part(name, first) in made and not rest:
            break
        target = imported(name, trees[name]).get(first) if name in trees else None
        whole = f"{target}.{rest}" if target and rest else target or ""
        module, _, last = whole.rpartition(".")
        there = path_of(files, module) if module else ""
        if not there or there == name:
            break
        name, first, rest = there, last, ""
    return Part(name, first)


def _mounts(
    files: Files, trees: Trees, made: Mapping[Part, ast.Call], syntax: Syntax
) -> dict[Part, list[tuple[Part, ast.Call]]]:
    """For each part, what it is mounted in, with the call."""
    found: dict[Part, list[tuple[Part, ast.Call]]] = {}
    for name, tree in trees.items():
        for call in _calls(tree, syntax.mount):
            if call.args and isinstance(call.func, ast.Attribute):
                child, parent = (
                    _part(files, trees, made, name, ast.unparse(each)) for each in (call.args[0], call.func.value)
                )
                found.setdefault(child, []).append((parent, call))
    return found


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for each in nodes(tree):
        if isinstance(each, ast.Call) and callee(each) == name:
            yield each


def _made(tree: ast.Module, syntax: Syntax) -> dict[str, ast.Call]:
    """By variable, the call that makes an application or a part of it."""
    made = {}
    for node in (each for each in nodes(tree) if isinstance(each, (ast.Assign, ast.AnnAssign))):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Call):
            made[target.id] = node.value
    return {name: call for name, call in made.items() if callee(call) in (*syntax.whole, syntax.part)}


def _routes(node: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """The decorators of a function that are routes of GET: their variable and path."""
    for call in getattr(node, "decorator_list", []):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in ROUTES:
            continue
        methods = [word for each in call.keywords if each.arg == "methods" for word in texts(each.value)]
        first = call.args[0] if call.args else next((one.value for one in call.keywords if one.arg == "path"), None)
        path = first.value if isinstance(first, ast.Constant) else None
        plain = isinstance(path, str) and PLAIN.fullmatch(path) and (not methods or "GET" in methods)
        if plain and isinstance(call.func.value, ast.Name):
            yield call.func.value.id, str(path), call


def _defaults(trees: Trees) -> dict[str, str]:
    """By name, the texts that fields of settings classes have by default, if it is one text in all of them."""
    every: dict[str, set[str]] = {}
    for tree in trees.values():
        for node in (each for each in nodes(tree) if isinstance(each, ast.ClassDef) and "Settings" in each.name):
            for item in (each for each in node.body if isinstance(each, (ast.Assign, ast.AnnAssign))):
                target = item.targets[0] if isinstance(item, ast.Assign) else item.target
                if isinstance(target, ast.Name) and isinstance(item.value, ast.Constant):
                    every.setdefault(target.id, set()).add(str(item.value.value))
    return {name: next(iter(found)) for name, found in every.items() if len(found) == 1}


def _prefix(
    part: Part,
    made: Mapping[Part, ast.Call],
    mounts: Mapping[Part, Any],
    syntax: Syntax,
    defaults: Mapping[str, str],
) -> str | None:
    """What comes before the paths of a part; None if it is not certain. An application that a function makes is one
    by its usual names."""
    prefix = ""
    for _ in range(DEPTH):
        call = made.get(part)
        if call is None:
            return prefix if part.variable in ("app", "application") else None
        if callee(call) in syntax.whole:
            return prefix
        here = mounts.get(part, [])
        own = _said(call, syntax, defaults)
        given = _said(here[0][1], syntax, defaults) if len(here) == 1 else None
        if own is None or given is None:
            return None
        prefix = f"{(given or own) if syntax.part == 'Blueprint' else given + own}{prefix}"
        part = here[0][0]
    return None


def _said(call: ast.Call, syntax: Syntax, defaults: Mapping[str, str]) -> str | None:
    """The prefix in a call: empty without one, None for one that is computed. `settings.PREFIX` is the default."""
    found = next((each.value for each in call.keywords if each.arg == syntax.prefix), None)
    if found is None:
        return ""
    if isinstance(found, ast.Attribute) and "settings" in ast.unparse(found.value).lower():
        return defaults.get(found.attr)
    return str(found.value or "") if isinstance(found, ast.Constant) else None


def _guards(tree: ast.Module) -> bool:
    """Whether a function that sees each request may ask for a login."""
    for node in (each for each in nodes(tree) if isinstance(each, FUNCTIONS)):
        names = [getattr(getattr(each, "func", each), "attr", "") for each in node.decorator_list]
        if any(name in GUARDS for name in names) and re.search(
            r"redirect|abort|login|auth|401|403", ast.unparse(node), re.IGNORECASE
        ):
            return True
    return False
