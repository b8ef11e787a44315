"""What readers of Python's code ask of its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def callee(call: ast.Call) -> str:
    """The last word of what is called: `include` of `urls.include(...)`; empty for the result of another call."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def source(node: ast.ImportFrom, package: Sequence[str]) -> str:
    """The module that names are imported from. `package`: the words of the one around, for a relative import."""
    base = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])
