"""A page, and what a function's code shows of it: whether it renders, queries, or asks for a login."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes, source

ROUTES = ("route", "get", "api_route")  # decorators: `@app.get("/")`
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
RENDERS = ("render", "render_to_response", "render_template", "render_to_string", "TemplateResponse", "get_template")
QUERIES = re.compile(
    r"\.objects\b|\bqueryset\b|\.query\b|\bsession\.(query|execute|scalars?|get|exec)\b|\bget_queryset\b"
    r"|\bcursor\(|\.execute\(|\bselect\(|\bDepends\(\w*(db|session)\w*\)",
    re.IGNORECASE,
)
# A row that an empty database does not have, or a page for known users.
ABSENT = re.compile(
    r"\.objects\.get\(|\bget_(object|list)_or_404\b|\bHttp404\b|\babort\(|\b(first_or|get_or|one_or)_404\b"
)
LOGIN = re.compile(r"login|permission|auth|user|staff|member|token|jwt|secur", re.IGNORECASE)
PUBLIC = re.compile(r"not_required|exempt|anonymous|public|guest|redirect_auth", re.IGNORECASE)
KNOWN_USER = re.compile(r"\bis_(authenticated|anonymous|staff|superuser)\b|\bcurrent_user\b")
LOGIN_PATH = re.compile(r"(^|/)(accounts?/|auth/|users?/|admin/)*(log-?in|sign-?in|log_in|sign_in)(/|\.\w+)?$")


@dataclass(frozen=True)
class Page:
    """`where`: the route's place. `open`: it certainly asks for no login and needs no row."""

    path: str
    where: str
    renders: bool = False
    queries: bool = False
    open: bool = False

    @property
    def word(self) -> str:
        """The last word of its path."""
        return self.path.strip("/").rpartition("/")[2]

    @property
    def login(self) -> bool:
        return bool(LOGIN_PATH.search(self.path))


def of_function(files: Files, node: ast.AST, path: str, where: str, module: ast.Module | None = None) -> Page:
    """The page of a view function. The functions of `module` that it calls count, too, one call deep."""
    text = "\n".join(map(ast.unparse, getattr(node, "body", [])))
    called = set(_called(node))
    more = [each for each in (module.body if module else ()) if isinstance(each, FUNCTIONS) and each.name in called]
    whole = "\n".join([ast.unparse(node), *map(ast.unparse, more)])
    shut = asks(node) or bool(KNOWN_USER.search(text) or ABSENT.search(text))
    page = Page(path, where, renders(files, node), bool(QUERIES.search(whole)), not shut)
    return replace(page, open=True) if page.login else page


def asks(node: ast.AST) -> bool:
    """Whether a decorator or a parameter such as `Depends(current_user)` asks for a login."""
    words = [each for each in getattr(node, "decorator_list", []) if not _is_route(each)]
    if isinstance(node, FUNCTIONS):
        words += [*node.args.defaults, *(each for each in node.args.kw_defaults if each)]
        words += [each.annotation for each in node.args.args if each.annotation]
    return any(closed(word) for word in words)


def _is_route(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") in ROUTES


def closed(word: ast.AST) -> bool:
    """Whether the name in an expression says that it asks for a login; texts, such as a route's path, do not count."""
    names = [one.id if isinstance(one, ast.Name) else one.attr for one in _names(word)]
    return any(LOGIN.search(name) and not PUBLIC.search(name) for name in names)


def renders(files: Files, node: ast.AST) -> bool:
    """Whether it renders a template of the repository."""
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        words = [*call.args, *(each.value for each in call.keywords)]
        if callee(call) in RENDERS and any(has_template(files, word) for each in words for word in texts(each)):
            return True
    return False


def texts(node: ast.AST) -> Iterator[str]:
    return (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))


def has_template(files: Files, name: str) -> bool:
    """Whether a file of the repository is the template of this name."""
    return bool(re.search(r"\.(?!xml$|txt$|json$|js$|css$|svg$)\w+$", name)) and any(
        one == name or one.endswith("/" + name) for one in files.names
    )


def _called(node: ast.AST) -> Iterator[str]:
    return (each.func.id for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name))


def _names(node: ast.AST) -> Iterable[ast.Name | ast.Attribute]:
    return (each for each in ast.walk(node) if isinstance(each, (ast.Name, ast.Attribute)))


@lru_cache(maxsize=256)
def imported(name: str, tree: ast.Module) -> Mapping[str, str]:
    """By name in a file, `package.module.name` that it is imported from. The names of packages are those of folders."""
    whole = name.removesuffix(".py").removesuffix("/__init__").split("/")
    package = whole if name.endswith("__init__.py") else whole[:-1]
    found: dict[str, str] = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom):
            stem = source(node, package)
            found |= {each.asname or each.name: f"{stem}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {each.asname or each.name: each.name for each in node.names}
    return found


def joined(*parts: str) -> str:
    """One path of its parts, with one slash between them."""
    return "/" + re.sub(r"/{2,}", "/", "".join(parts)).lstrip("/")
