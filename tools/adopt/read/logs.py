"""The log files in Django's LOGGING: a handler whose folder is missing stops every command."""

from __future__ import annotations

import ast

from tools.adopt.found import Found
from tools.adopt.read import paths
from tools.adopt.read.files import Files


def without_folder(files: Files, name: str) -> Found | None:
    """The first log file of a settings file whose folder is another machine's, or neither tracked nor made there."""
    tree = files.tree(name) if "filename" in files.text(name) else None
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.Dict)) if tree else ():
        values = {key.value: value for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
        path = values.get("filename")
        text = paths.without_folder(files, name, path) if path and "class" in values else None
        if path and text:
            return Found(text, f"{name}:{path.lineno}")
    return None
