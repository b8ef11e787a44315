"""The log files of Django's LOGGING and of handlers that code makes: a missing folder stops every command."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.adopt.found import Found
from tools.adopt.read.text import paths
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes, sets


def without_folder(files: Files, name: str) -> Found | None:
    """The first log file of a settings file whose folder is another machine's, or neither tracked nor made there."""
    tree = files.tree(name) if "filename" in files.text(name) else None
    for node in (each for each in nodes(tree) if isinstance(each, ast.Dict)) if tree else ():
        values = {key.value: value for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
        path = values.get("filename")
        text = paths.without_folder(files, name, path) if path and "class" in values else None
        if path and text:
            return Found(text, f"{name}:{path.lineno}")
    return None


def folder_of_a_setting(files: Files, runs: list[str]) -> tuple[str, Found] | None:
    """The setting that names the folder for a handler's files, and the folder with its place, if nothing makes it."""
    for code in files.code(".py"):
        for setting in _folders(files, code):
            for name in runs:
                found = _missing(files, name, setting)
                if found:
                    return setting, found
    return None


def _folders(files: Files, name: str) -> Iterator[str]:
    """The settings that a module with a handler joins file names to: `join(settings.LOG_DIR, "info.log")`."""
    text = files.text(name)
    tree = files.tree(name) if "FileHandler" in text and not paths.MAKES.search(text) else None
    for node in nodes(tree) if tree else ():
        first: ast.expr | None = None
        if isinstance(node, ast.Call) and callee(node) == "join":
            first = next(iter(node.args), None)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            first = node.left
        if isinstance(first, ast.Attribute) and ast.unparse(first.value) == "settings":
            yield first.attr


def _missing(files: Files, name: str, setting: str) -> Found | None:
    """The folder that a settings file gives a setting, if it is another machine's, or neither tracked nor made."""
    for line, value in sets(files, name, setting):
        text = paths.without_folder(files, name, ast.BinOp(value, ast.Div(), ast.Constant("a.log")))
        if text:
            return Found(text.rpartition("/")[0], f"{name}:{line}")
    return None
