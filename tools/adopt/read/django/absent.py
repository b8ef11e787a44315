"""A file that settings read at their start, and that only production's machine has: a secret next to its data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tools.adopt.found import Found, Open
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, text

EVERYWHERE = ("/dev/", "/proc/", "/sys/", "/tmp/")
KEY = re.compile(r"\.(key|pem|crt|cert|secret|token)$")
OURS = "devenv.key"
READS = ("open", "read_text", "read_bytes")


def file(files: Files, settings: Iterable[str]) -> Open | None:
    """An open point for the first one. `settings`: the files that run. Reading under a condition does not count."""
    settings = list(settings)
    for name in settings:
        tree = files.tree(name)
        for node in tree.body if tree else ():
            for path, line in _read(node) if isinstance(node, (ast.Assign, ast.With)) else ():
                target = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
                what = Found(f"nothing makes the file {path}, which is read here", f"{name}:{line}")
                return Open(what, f'in {name}: {target or "SECRET_KEY"} = "development-only"')
    return named(files, settings)


def named(files: Files, settings: Iterable[str]) -> Open | None:
    """An open point for the first file that settings name, and that code opens by that name: a key."""
    for name in settings:
        tree = files.tree(name)
        for node in tree.body if tree else ():
            setting = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
            path = text(node.value) if isinstance(node, ast.Assign) and setting.isupper() else ""
            if not (path.startswith("/") and KEY.search(path)) or path.startswith(EVERYWHERE):
                continue
            opened = re.compile(rf"open\(\s*(?:\w*settings\.)?{setting}\b")
            for _, where in files.search(opened, files.code(".py")):
                what = f"nothing makes the file {path}, which {where} reads: make one for development, and name it"
                return Open(Found(what, f"{name}:{node.lineno}"), f'in {name}: {setting} = "{OURS}"')
    return None


def _read(node: ast.stmt) -> Iterator[tuple[str, int]]:
    """The absolute paths that a statement opens: `open("/a")`, `Path("/a").read_text()`."""
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call) and callee(each) in READS):
        made = call.func.value if isinstance(call.func, ast.Attribute) else call
        first = made.args[0] if isinstance(made, ast.Call) and made.args else None
        path = str(first.value) if isinstance(first, ast.Constant) else ""
        if path.startswith("/") and not path.startswith(EVERYWHERE):
            yield path, call.lineno
