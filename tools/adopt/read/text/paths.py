"""Paths in Python's settings, as far as constants make them: `BASE_DIR / "logs" / "site.log"`."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping

from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes

COMPUTED = re.compile(r"environ|getenv|\benv\b|\benv[.(]|config\(")
MAKES = re.compile(r"\bmkdir\(|\bmakedirs\(")
ANYWHERE = ("/tmp/", "/dev/", "/proc/")  # every machine has these


def of(files: Files, name: str, node: ast.expr) -> str:
    """The path of an expression in a file. It starts with `/` if the repository's folder has no part in it."""
    tree = files.tree(name)
    assigned = [each for each in nodes(tree) if isinstance(each, ast.Assign) and not _empty(each.value)] if tree else []
    known = {target.id: each.value for each in assigned for target in each.targets if isinstance(target, ast.Name)}
    parts = [part for part in _parts(node, known, 0) if part]
    return posixpath.normpath("/".join(parts)) if parts else ""


def without_folder(files: Files, name: str, node: ast.expr) -> str | None:
    """The path of a file that code of `name` opens, if its folder is another machine's, or neither tracked nor made."""
    text = "" if COMPUTED.search(ast.unparse(node)) else of(files, name, node)
    folder = posixpath.dirname(text)
    if folder.startswith("/"):
        return None if text.startswith(ANYWHERE) else text
    if not folder or folder[0] in "~%{" or MAKES.search(files.text(name)):
        return None
    return None if any(f"/{folder}/" in f"/{each}" for each in files.names) else text


def _empty(node: ast.expr) -> bool:
    """Whether a value only says that a branch further down sets one."""
    return isinstance(node, ast.Constant) and not node.value


def _parts(node: ast.expr, known: Mapping[str, ast.expr], depth: int) -> list[str]:
    """The constants, in their order; an unknown name has none."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if depth > 8:
        return []
    inner: list[ast.expr] = []
    if isinstance(node, ast.Name) and node.id in known:
        inner = [known[node.id]]
    elif isinstance(node, ast.BinOp):
        inner = [node.left, node.right]
    elif isinstance(node, ast.JoinedStr):
        inner = [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values]
    elif isinstance(node, ast.Call) and callee(node) in ("get", "getenv"):
        inner = node.args[1:]  # without the variable's name
    elif isinstance(node, ast.Call):
        inner = [*([node.func.value] if isinstance(node.func, ast.Attribute) else []), *node.args]
    return [part for each in inner for part in _parts(each, known, depth + 1)]
