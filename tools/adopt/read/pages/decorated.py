"""Routes as decorators: `@app.route("/")` on an application, or on a part of it that is mounted under a prefix."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tools.adopt.read.files import Files
from tools.adopt.read.pages.page import FUNCTIONS, ROUTES, Page, closed, joined, of_function, texts

PLAIN = re.compile(r"[\w./-]*")
GUARDS = ("before_request", "before_app_request", "middleware")  # decorators of functions that see each request


class Syntax(NamedTuple):
    """The words of a framework: `Flask(...)`, `Blueprint(url_prefix=)`, `register_blueprint(part, url_prefix=)`."""

    whole: tuple[str, ...]
    part: str
    mount: str
    prefix: str


def pages(files: Files, syntax: Syntax) -> list[Page]:
    """Every page without parameters whose whole path is known."""
    trees = {name: tree for name in files.code(".py") if (tree := files.tree(name))}
    mounts = [call for tree in trees.values() for call in _calls(tree, syntax.mount)]
    guarded = any(_guards(tree) for tree in trees.values())
    found = []
    for name, tree in trees.items():
        made = _made(tree, syntax)
        for node in (each for each in ast.walk(tree) if isinstance(each, FUNCTIONS)):
            for variable, path, call in _routes(node):
                prefix = _prefix(variable, made.get(variable), mounts, syntax)
                if prefix is not None:
                    page = of_function(files, node, joined(prefix, path), f"{name}:{call.lineno}", tree)
                    shut = any(closed(each.value) for each in call.keywords if each.arg == "dependencies")
                    found.append(replace(page, open=page.open and (page.login or not (guarded or shut))))
    return found


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and getattr(each.func, "attr", getattr(each.func, "id", "")) == name:
            yield each


def _made(tree: ast.Module, syntax: Syntax) -> dict[str, ast.Call]:
    """By variable, the call that makes an application or a part of it."""
    made = {}
    for node in (each for each in ast.walk(tree) if isinstance(each, (ast.Assign, ast.AnnAssign))):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Call):
            made[target.id] = node.value
    return {name: call for name, call in made.items() if _kind(call) in (*syntax.whole, syntax.part)}


def _kind(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


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


def _prefix(variable: str, made: ast.Call | None, mounts: list[ast.Call], syntax: Syntax) -> str | None:
    """What comes before the paths of a variable; None if it is not certain."""
    if made is None:  # imported: an application, by its usual names
        return "" if variable in ("app", "application") else None
    if _kind(made) in syntax.whole:
        return ""
    own = _said(made, syntax)
    here = [call for call in mounts if call.args and _is(call.args[0], variable)]
    if len(here) != 1 or own is None or (given := _said(here[0], syntax)) is None:
        return None
    if getattr(getattr(here[0].func, "value", None), "id", "app") not in ("app", "application", "self"):
        return None  # mounted in another part
    return (given or own) if syntax.part == "Blueprint" else given + own


def _is(node: ast.expr, variable: str) -> bool:
    """`users`, `users.bp` or `router`: the variable, if no other one may have its name."""
    return (isinstance(node, ast.Name) and node.id == variable) or (
        isinstance(node, ast.Attribute) and node.attr == variable and variable not in ("bp", "blueprint", "router")
    )


def _said(call: ast.Call, syntax: Syntax) -> str | None:
    """The prefix in a call: empty without one, None for one that is computed."""
    found = next((each.value for each in call.keywords if each.arg == syntax.prefix), None)
    if found is None:
        return ""
    return str(found.value or "") if isinstance(found, ast.Constant) else None


def _guards(tree: ast.Module) -> bool:
    """Whether a function that sees each request may ask for a login."""
    for node in (each for each in ast.walk(tree) if isinstance(each, FUNCTIONS)):
        names = [getattr(getattr(each, "func", each), "attr", "") for each in node.decorator_list]
        if any(name in GUARDS for name in names) and re.search(
            r"redirect|abort|login|auth|401|403", ast.unparse(node), re.IGNORECASE
        ):
            return True
    return False
