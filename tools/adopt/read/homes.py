"""Variables whose default is a folder in the home: a container loses it, and a trial would leave it there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.adopt.found import Found
from tools.adopt.read.files import Files
from tools.adopt.read.syntax import callee

OURS = ".dev/local/home"  # git ignores it, and the mount of the source keeps it
HOME = re.compile(r"\bexpanduser\(\s*['\"]~/([\w./-]+)['\"]\)|\bPath\.home\(\) / ['\"]([\w./-]+)['\"]")
READS = ("get", "getenv")


def homes(files: Files) -> dict[str, Found]:
    """By variable, the same folder in the checkout."""
    names = [name for name in files.code(".py") if re.search(r"expanduser|Path\.home", files.text(name))]
    return {key: one for name in reversed(names) for key, one in _in_file(files, name)}


def _in_file(files: Files, name: str) -> Iterator[tuple[str, Found]]:
    tree = files.tree(name)
    for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)) if tree else ():
        if callee(call) not in READS or len(call.args) != 2 or "env" not in ast.unparse(call.func):
            continue
        first, home = call.args[0], HOME.search(ast.unparse(call.args[1]))
        if home and isinstance(first, ast.Constant) and re.fullmatch(r"[A-Z]\w+", str(first.value)):
            yield str(first.value), Found(f"{OURS}/{home[1] or home[2]}", f"{name}:{call.lineno}")
