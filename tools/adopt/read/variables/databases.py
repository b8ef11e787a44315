"""The variables in Django's DATABASES, by whichever function they are read: `get_secret("DB_HOST", "")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tools.adopt.found import Found
from tools.adopt.read.text import paths
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import constants, dotted, nodes, sets, text
from tools.adopt.read.text.variable import Variable

KEYS = ("ENGINE", "HOST", "NAME", "PASSWORD", "PORT", "USER")
NAME = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")


def reads(files: Files, name: str) -> Iterator[Variable]:
    """The calls with a variable's name as first argument that are values of a database's settings."""
    for call in (call for value in _values(files, name) for call in _calls(value)):
        first, *others = call.args
        given = [*others, *(each.value for each in call.keywords if each.arg == "default")]
        default = next((one.value for one in given if isinstance(one, ast.Constant)), None)
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and NAME.fullmatch(first.value):
            text = default if isinstance(default, str) else None
            yield Variable(first.value, f"{name}:{call.lineno}", text, near=ast.unparse(call))


def set_in(files: Files, name: str) -> list[str]:
    """The code of each value that a settings file gives to DATABASES or to a part of it."""
    return [ast.unparse(value) for value in _values(files, name)]


def outside(files: Files, name: str) -> Found | None:
    """The path of SQLite's file, with its place, if nothing makes its folder."""
    for value in _values(files, name):
        for node in (each for each in ast.walk(value) if isinstance(each, ast.Dict)):
            parts = {key.value: one for key, one in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
            engine, path = (parts.get(key) for key in ("ENGINE", "NAME"))
            text = paths.without_folder(files, name, path) if path else None
            if engine and path and text and "sqlite" in ast.unparse(engine):
                return Found(text, f"{name}:{path.lineno}")
    return None


def keys(files: Files, names: Iterable[str], engine: re.Pattern[str]) -> dict[str, Found]:
    """By variable, the key of the database to choose: `DATABASES = {"default": TABLE[os.environ["DB"]]}`.

    `engine`: what the entry of the table with our database has.
    """
    read = [name for name in names if "DATABASES" in files.text(name)]
    tables = {table: key for name in read for table, key in _tables(files, name, engine)}
    found: dict[str, Found] = {}
    for name in read if tables else ():
        for value in _values(files, name):
            for node in ast.walk(value):
                table, index = _looked_up(node)
                variable = _variable(files, name, index) if index and table in tables else ""
                if variable:
                    found.setdefault(variable, Found(tables[table], f"{name}:{value.lineno}"))
    return found


def _tables(files: Files, name: str, engine: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The names of tables of databases, and the key that has the engine."""
    tree = files.tree(name) or ast.Module([], [])
    texts = constants(tree)
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values):
                word = (text(key) or texts.get(dotted(key), "")) if key else ""
                if word and isinstance(value, ast.Dict) and engine.search(ast.unparse(value)):
                    yield from ((target.id, word) for target in node.targets if isinstance(target, ast.Name))


def _looked_up(node: ast.AST) -> tuple[str, ast.expr | None]:
    """The table and the key of `TABLE[key]` and `TABLE.get(key)`."""
    if isinstance(node, ast.Subscript):
        return dotted(node.value), node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return dotted(node.func.value), node.args[0]
    return "", None


def _variable(files: Files, name: str, index: ast.expr) -> str:
    """The variable that a key is read from, here or where its name is set."""
    if isinstance(index, ast.Name):
        index = next((value for _, value in sets(files, name, index.id)), index)
    calls = [each for each in ast.walk(index) if isinstance(each, ast.Call) and each.args]
    return next((word for each in calls if NAME.fullmatch(word := text(each.args[0]))), "")


def fixed_port(files: Files, names: Iterable[str]) -> Found | None:
    """The port of a database server as a constant, next to a host that is read."""
    for name in names:
        for value in _values(files, name):
            for node in (each for each in ast.walk(value) if isinstance(each, ast.Dict)):
                parts = {key.value: one for key, one in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
                port, host = parts.get("PORT"), parts.get("HOST")
                if isinstance(port, ast.Constant) and port.value and host and not isinstance(host, ast.Constant):
                    return Found(str(port.value), f"{name}:{port.lineno}")
    return None


def switches(files: Files, name: str) -> Iterator[tuple[str, str]]:
    """The variables, with their places, that make a settings file give its database a fixed host."""
    tree = files.tree(name) if "DATABASES" in files.text(name) else None
    for node in (each for each in nodes(tree) if isinstance(each, ast.If)) if tree else ():
        made = [each for part in node.body for each in ast.walk(part) if isinstance(each, ast.Assign)]
        fixed = [each.value for each in made if _is_host(each.targets[0])]
        if _asks_if_set(node.test) and any(isinstance(value, ast.Constant) and value.value for value in fixed):
            words = [each.value for each in ast.walk(node.test) if isinstance(each, ast.Constant)]
            yield from ((str(word), f"{name}:{node.lineno}") for word in words if re.fullmatch(r"[A-Z]\w+", str(word)))


def _asks_if_set(test: ast.expr) -> bool:
    """Whether a test only asks if variables are set. After `not`, or compared, the value that is given may be right."""
    compared = [each for each in ast.walk(test) if isinstance(each, ast.Compare)]
    plain = all(isinstance(each.left, ast.Constant) and isinstance(each.ops[0], ast.In) for each in compared)
    return plain and not any(isinstance(each, ast.Not) for each in ast.walk(test))


def _is_host(target: ast.expr) -> bool:
    key = target.slice if isinstance(target, ast.Subscript) else None
    return isinstance(key, ast.Constant) and key.value == "HOST" and _is_database(target)


def _values(files: Files, name: str) -> Iterator[ast.expr]:
    """What DATABASES, or a part of it, is set to or updated with."""
    tree = files.tree(name) if "DATABASES" in files.text(name) else None
    for node in nodes(tree) if tree else ():
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if node.value and any(map(_is_database, targets)):
                yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            yield from node.args if _is_database(node.func.value) else ()


def _is_database(target: ast.expr) -> bool:
    return "DATABASES" in ast.unparse(target)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in nodes(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and key.value in KEYS:
                    yield from (call for call in ast.walk(value) if isinstance(call, ast.Call) and call.args)
