"""The log files in Django's LOGGING: a handler whose folder is missing stops every command."""

from __future__ import annotations

import ast
import posixpath
import re

from tools.adopt.found import Found
from tools.adopt.read import paths
from tools.adopt.read.files import Files

COMPUTED = re.compile(r"environ|getenv|\benv\b|\benv[.(]|config\(")
MAKES = re.compile(r"\bmkdir\(|\bmakedirs\(")


def without_folder(files: Files, name: str) -> Found | None:
    """The first log file of a settings file whose folder is neither tracked nor made there, with its place."""
    tree = files.tree(name) if "filename" in files.text(name) and not MAKES.search(files.text(name)) else None
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.Dict)) if tree else ():
        values = {key.value: value for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
        path = values.get("filename")
        if path is None or "class" not in values or COMPUTED.search(ast.unparse(path)):
            continue
        text = paths.of(files, name, path)
        folder = posixpath.dirname(text)
        tracked = any(f"/{folder}/" in f"/{each}" for each in files.names)
        if paths.outside(text) or (folder and not folder.startswith("/") and not tracked):
            return Found(text, f"{name}:{path.lineno}")
    return None
