"""Django: the routes of ROOT_URLCONF with everything it includes, and what their views are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from tools.adopt.read.containers.values import Values
from tools.adopt.read.django import django
from tools.adopt.read.pages.page import (
    FUNCTIONS,
    Page,
    asks,
    closed,
    has_template,
    imported,
    joined,
    of_function,
    renders,
    texts,
)
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, path_of

ROOT = re.compile(r"""^\s*ROOT_URLCONF\s*=\s*["']([\w.]+)["']""", re.MULTILINE)
ROUTES = ("path", "re_path", "url")
PLAIN = re.compile(r"[\w./-]*")  # a path without parameters
# URLs of packages, with the template that the package does not bring: `login/` of Django has none.
LOGINS = {"django.contrib.auth.urls": "registration/login.html", "allauth.urls": "", "allauth.account.urls": ""}
# Django's views by what they do with a GET; others need a row, answer no GET, or redirect.
SHOWS = ("TemplateView", "FormView", "CreateView", "ListView", "LoginView")
LISTS = ("ListView",)
ENDS = {"ListView": "_list.html", "CreateView": "_form.html"}  # of the template's name, after the model's
CLOSES = re.compile(r"LoginRequired|Login\w*Middleware", re.IGNORECASE)
DEPTH = 8  # of includes and imports


class Code(NamedTuple):
    """A module: its file, and what its names stand for."""

    name: str
    tree: ast.Module
    imported: Mapping[str, str]  # name → `package.module.name`


def pages(files: Files, given: Values) -> list[Page]:
    """Every page whose whole path is known. `given`: may set the settings module."""
    module = django.running(files, given, [])
    settings = django.chain(files, module.value) if module else []
    root = files.first(ROOT, settings) or files.first(ROOT, files.code(".py"))
    found = list(_included(files, root.value, "", 0)) if root else []
    if any(CLOSES.search(word) for name in settings for word in texts(files.tree(name) or ast.Module([], []))):
        return [replace(page, open=page.open and page.login) for page in found]
    return found


def _code(files: Files, module: str) -> Code | None:
    name = path_of(files, module)
    tree = files.tree(name) if name else None
    return Code(name, tree, imported(name, tree)) if tree else None


def _included(files: Files, module: str, prefix: str, depth: int) -> Iterator[Page]:
    code = _code(files, module) if depth < DEPTH else None
    for call in _routes(code.tree) if code else ():
        view = _view(call)
        if code and view and (path := _path(call)) is not None:
            yield from _routed(files, code, call, view, joined(prefix, path), depth)


def _routes(tree: ast.Module) -> Iterator[ast.Call]:
    """The routes of `urlpatterns` that are always there: those below an `if` may not be."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if getattr(target, "id", "") == "urlpatterns" and value:
            yield from (each for each in _outside_languages(value) if isinstance(each, ast.Call))


def _outside_languages(value: ast.expr) -> Iterator[ast.expr]:
    """The elements of a list of routes. `i18n_patterns` puts the language before the path, which is a redirect."""
    if isinstance(value, (ast.List, ast.Tuple)):
        yield from value.elts
    elif isinstance(value, ast.BinOp):
        yield from _outside_languages(value.left)
        yield from _outside_languages(value.right)
    elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "patterns":  # before Django 1.10
        yield from value.args


def _view(call: ast.Call) -> ast.expr | None:
    """The second argument of a route, or `view=`."""
    given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "view")]
    return given[0] if given else None


def _path(call: ast.Call) -> str | None:
    """The path of a route without parameters; None for another one."""
    kind = callee(call)
    first = call.args[0] if call.args else None
    if kind not in ROUTES or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    text = first.value
    if kind != "path":
        text = re.sub(r"\\([./-])", r"\1", text.removeprefix("^").removesuffix("$").replace("/?", "/"))
    return text if PLAIN.fullmatch(text) else None


def _routed(files: Files, code: Code, call: ast.Call, view: ast.expr, path: str, depth: int) -> Iterator[Page]:
    where = f"{code.name}:{call.lineno}"
    if "admin.site.urls" in ast.unparse(view):
        yield Page(joined(path, "/login/"), where, renders=True, open=True)
        return
    if isinstance(view, ast.Call) and callee(view) == "include":
        target = view.args[0] if view.args else None
        target = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
        module = target.value if isinstance(target, ast.Constant) else _dotted(code, target) if target else ""
        if module in LOGINS:
            needed = LOGINS[str(module)]
            there = not needed or has_template(files, needed)
            yield Page(joined(path, "login/"), where, renders=there, queries="allauth" in str(module), open=True)
        elif isinstance(module, str):
            yield from _included(files, module, path, depth + 1)
        return
    yield _page(files, code, view, path, where)


def _page(files: Files, code: Code, view: ast.expr, path: str, where: str) -> Page:
    shut = False
    while isinstance(view, ast.Call) and getattr(view.func, "attr", "") != "as_view" and view.args:
        shut, view = shut or closed(view.func), view.args[0]  # login_required(view)
    page = Page(path, where)
    if isinstance(view, ast.Call) and isinstance(view.func, ast.Attribute):  # View.as_view(template_name="a.html")
        named = [text for each in view.keywords if each.arg == "template_name" for text in texts(each.value)]
        page = _of_class(files, code, view.func.value, page, named)
    else:
        there, node = _defined(files, code, _name(view), 0)
        if there and isinstance(node, FUNCTIONS):
            page = of_function(files, node, path, where, there.tree)
        elif there and isinstance(node, ast.Call):  # home = Home.as_view()
            page = _page(files, there, node, path, where)
    return replace(page, open=page.open and not shut)


def _of_class(files: Files, code: Code, name: ast.expr, page: Page, named: list[str]) -> Page:
    """A class-based view: its classes in this repository, down to one of Django's."""
    nodes: list[ast.ClassDef] = []
    last, closes = "", False
    todo = [(code, _name(name))]
    while todo and len(nodes) < DEPTH:
        inside, each = todo.pop(0)
        there, node = _defined(files, inside, each, 0)
        if there and isinstance(node, ast.ClassDef):
            nodes.append(node)
            todo += [(there, _name(base)) for base in node.bases]
            closes = closes or asks(node)
        else:
            word = each.rpartition(".")[2]
            last = last or (word if word in SHOWS else "")
            closes = closes or (word not in (*SHOWS, "View", "object") and not word.endswith("ContextMixin"))
    text = "\n".join(map(ast.unparse, nodes))
    named = named or [text for node in nodes for text in _assigned(node, "template_name")][:1]
    named = named or [LOGINS["django.contrib.auth.urls"]] * (last == "LoginView")
    named = named or [f"{model.lower()}{ENDS[last]}" for model in _models(nodes)[:1] if last in ENDS]
    # Without `last`, its own `get` renders, or not.
    shown = [has_template(files, one) for one in named] if last else [renders(files, node) for node in nodes]
    plain = of_function(files, ast.Module([*nodes], []), page.path, page.where)
    queries = plain.queries or last in LISTS or bool(re.search(r"^\s+model = ", text, re.MULTILINE))
    login = last == "LoginView"
    opened = login or (plain.open and not closes and not re.search(r"def (dispatch|test_func)\(", text))
    return replace(page, renders=any(shown), queries=queries, open=opened)


def _models(nodes: list[ast.ClassDef]) -> list[str]:
    """The classes in `model = Book` and `queryset = Book.objects…`."""
    text = "\n".join(map(ast.unparse, nodes))
    return [match[1] for match in re.finditer(r"^\s+(?:model|queryset) = (?:\w+\.)*?([A-Z]\w*)", text, re.MULTILINE)]


def _assigned(node: ast.ClassDef, name: str) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == name:
            yield from texts(each.value)


def _name(node: ast.AST) -> str:
    """`views.home` of the expression; empty for another one."""
    text = ast.unparse(node)
    return text if re.fullmatch(r"[A-Za-z_][\w.]*", text) else ""


def _dotted(code: Code, node: ast.AST) -> str:
    """The module of an included name: `from shop import urls`, `include(urls)`."""
    first, _, rest = _name(node).partition(".")
    return f"{code.imported.get(first, first)}{'.' * bool(rest)}{rest}"


def _defined(files: Files, code: Code, name: str, depth: int) -> tuple[Code | None, ast.AST | None]:
    """The function or class that a name stands for, in the module that defines it; None outside of the repository."""
    for node in code.tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name == name:
            return code, node
        if (
            isinstance(node, ast.Assign)
            and getattr(node.targets[0], "id", "") == name
            and isinstance(node.value, ast.Call)
        ):
            return code, node.value
    whole = _whole(code, name)
    module, _, last = whole.rpartition(".")
    there = _code(files, module) if module and depth < DEPTH else None
    if there and there.name != code.name:
        return _defined(files, there, last, depth + 1)
    return None, None


def _whole(code: Code, name: str) -> str:
    """The name with the module that it is imported from; `import shop.views` has a name with dots."""
    for end in range(name.count(".") + 1, 0, -1):
        first = ".".join(name.split(".")[:end])
        if first in code.imported:
            return ".".join([code.imported[first], *name.split(".")[end:]])
    return ""
