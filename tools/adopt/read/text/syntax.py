"""What readers of Python's code ask of its syntax tree."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from tools.adopt.read.text.files import Files

TRIAL = re.compile(r"(?i)test")  # a class with the settings of tests
SETS = (ast.Assign, ast.AugAssign, ast.AnnAssign)


@lru_cache(maxsize=200)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All nodes of a module: many readers ask for them, and the settings' ones are asked for dozens of times."""
    return tuple(ast.walk(tree))


def text(node: ast.expr | None) -> str:
    """A text that is written out; empty for all else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def sets(files: Files, name: str, setting: str, top: bool = False) -> list[tuple[int, ast.expr]]:
    """What a settings file sets a setting, or a part of it, to, or adds to it, with the lines.

    `top`: not what depends on a condition.
    """
    tree = files.tree(name) or ast.Module([], [])
    made = [each for each in (tree.body if top else nodes(tree)) if isinstance(each, SETS) and each.value]
    targets = [each.targets[0] if isinstance(each, ast.Assign) else each.target for each in made]
    return [(n.lineno, n.value) for n, to in zip(made, targets) if n.value and _name(to) == setting]


def _name(target: ast.expr) -> str:
    """The setting that an assignment changes: STORAGES for `STORAGES["default"] = ...`, too."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return getattr(target, "id", "")


def dotted(node: ast.AST) -> str:
    """`os.environ` as text; empty if it is anything but names with dots."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def callee(call: ast.Call) -> str:
    """The last word of what is called: `include` of `urls.include(...)`; empty for the result of another call."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def source(node: ast.ImportFrom, package: Sequence[str]) -> str:
    """The module that names are imported from. `package`: the words of the one around, for a relative import."""
    base = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])


def constants(tree: ast.Module) -> dict[str, str]:
    """The texts that a module gives to names, and to attributes of its classes: `Keys.HOST`."""
    inside = [("", each) for each in tree.body]
    inside += [(f"{node.name}.", each) for node in tree.body if isinstance(node, ast.ClassDef) for each in node.body]
    made = [(prefix, each) for prefix, each in inside if isinstance(each, ast.Assign) and text(each.value)]
    return {
        f"{prefix}{target.id}": text(each.value)
        for prefix, each in made
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def path_of(files: Files, module: str) -> str:
    """The file of a module; empty if it is not tracked. Its folder may be below the repository's."""
    path = module.replace(".", "/")
    return next(iter(files.ending(f"{path}.py", f"{path}/__init__.py")), "")


def module(files: Files, name: str) -> str:
    """The name that Python imports a file by: `src` is a folder of packages, not a package."""
    path = PurePosixPath(name).with_suffix("")
    parts = list(path.parts)
    if parts[0] == "src" and len(parts) > 1 and not files.has("src/__init__.py"):
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def settings(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names and values of assignments, keyword arguments and keys of a dict, the outer ones first."""
    for node in _outside_of_tests(tree):
        pairs: list[tuple[str, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(getattr(to, "id", "") or text(getattr(to, "slice", None)), node.value) for to in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(getattr(node.target, "id", ""), node.value)]
        elif isinstance(node, ast.keyword):
            pairs = [(node.arg or "", node.value)]
        elif isinstance(node, ast.Dict):
            pairs = [(text(key), value) for key, value in zip(node.keys, node.values)]
        yield from ((key, value) for key, value in pairs if value)


def _outside_of_tests(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, the outer ones first, without those in classes for tests."""
    todo = deque([tree])
    while todo:
        node = todo.popleft()
        yield node
        todo += [
            child
            for child in ast.iter_child_nodes(node)
            if not (isinstance(child, ast.ClassDef) and TRIAL.search(child.name))
        ]
