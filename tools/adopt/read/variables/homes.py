"""Variables whose default is a folder in the home, which a container loses, or one that only production has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tools.adopt.found import Found
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes
from tools.adopt.read.text.variable import Variable

OURS = ".dev/local/home"  # git ignores it, and the mount of the source keeps it
HOME = re.compile(r"(?:[\w.]+\.)?expanduser\(['\"]~/([\w./-]+)['\"]\)|(?:\w+\.)?Path\.home\(\) / ['\"]([\w./-]+)['\"]")
IMAGE = re.compile(r"/(?:app|code|data|srv|opt|var/(?:lib|opt|cache|www))/([\w./-]*\w)/?")
FOLDER = re.compile(r"_(DIR|DIRECTORY|FOLDER|ROOT|HOME)$")
READS = ("get", "getenv")
SAME = ("str", "Path", "abspath", "realpath", "normpath")  # they give the same folder


def homes(files: Files, said: Iterable[Variable]) -> dict[str, Found]:
    """By variable, the same folder in the checkout. `said`: the variables of the code, with their defaults."""
    image = {}
    for one in said:
        folder = IMAGE.fullmatch(one.default or "")
        if folder and FOLDER.search(one.name):
            image[one.name] = Found(f"{OURS}/{folder[1]}", one.where)
    names = [name for name in files.code(".py") if re.search(r"expanduser|Path\.home", files.text(name))]
    return {**image, **{key: one for name in reversed(names) for key, one in _in_file(files, name)}}


def _in_file(files: Files, name: str) -> Iterator[tuple[str, Found]]:
    tree = files.tree(name)
    for call in (each for each in nodes(tree) if isinstance(each, ast.Call)) if tree else ():
        if callee(call) not in READS or len(call.args) != 2 or "env" not in ast.unparse(call.func):
            continue
        first, home = call.args[0], HOME.fullmatch(ast.unparse(_folder(call.args[1])))
        if home and isinstance(first, ast.Constant) and re.fullmatch(r"[A-Z]\w+", str(first.value)):
            yield str(first.value), Found(f"{OURS}/{home[1] or home[2]}", f"{name}:{call.lineno}")


def _folder(node: ast.expr) -> ast.expr:
    """What a default is made of. A file in the folder, or a folder that another variable moves, is another one."""
    while isinstance(node, ast.Call) and callee(node) in SAME and len(node.args) == 1:
        node = node.args[0]
    return node
