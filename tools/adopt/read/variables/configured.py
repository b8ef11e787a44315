"""Variables that name a configuration file, which code reads from another machine's folder without them."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath

from tools.adopt.found import Found, Open
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text.files import ASIDE, Files
from tools.adopt.read.text.syntax import callee, nodes, text
from tools.adopt.read.text.variable import Variable

NAMES = re.compile(r"_(CONFIG|CONF|CFG|SETTINGS)(_?FILE|_?PATH)?$")
ELSEWHERE = re.compile(
    r"""["'](?:/etc/|~/|/opt/|/var/|/usr/)(?:[\w.-]+/)*([\w.-]+\.(?:conf|cfg|ini|toml|ya?ml|json|py))["']"""
)
OTHERS = re.compile(
    r"(^|/)(setup\.cfg|tox\.ini|alembic|gunicorn|uwsgi|nginx|logging)|(^|[/_.-])(prod|production|test|tests)[/_.-]"
)
LINES = 8  # that a file says the usual place in, after it reads the variable


def configurations(files: Files, said: Iterable[Variable], given: Values) -> list[Open]:
    """An open point for each such variable without a value, if the repository has that file or an example of it."""
    every = [*said]
    found = _of_flask(files, given, {one.name for one in every})
    for one in every:
        usual = _usual(files, one) if NAMES.search(one.name) and not given.get(one.name) else None
        example = _example(files, usual[1]) if usual else ""
        if usual and example:
            what = f"the configuration file for development, which {one.name} names; without it code reads {usual[0]}"
            found.append(Open(Found(what, one.where), f"{one.name}: {example}"))
    return found


def _of_flask(files: Files, given: Values, said: Collection[str]) -> list[Open]:
    """A point for each variable of `from_envvar`. A relative path is one from the folder of Flask's package.

    `said`: the variables that code reads itself: it looks for the file before Flask does.
    """
    found: dict[str, Open] = {}
    for variable, where in _asked(files):
        if given.get(variable) or variable in {*found, *said}:
            continue
        file = where.rpartition(":")[0]
        folder = file.rpartition("/")[0]
        names = files.named("*.cfg*", "*.conf*", "*settings*.py", "*config*.py")
        own = [one for one in names if not OTHERS.search(one) and not ASIDE.search(f"/{one}") and one != file]
        path = posixpath.relpath(own[0] if own else "settings.cfg", folder or ".")
        why = f"without which Flask does not start; its path begins in {folder or '.'}/"
        found[variable] = Open(Found(f"{variable} names a configuration file, {why}", where), f"{variable}: {path}")
    return [*found.values()]


def _asked(files: Files) -> Iterator[tuple[str, str]]:
    """The variables of `from_envvar` and their places; not with `silent`, nor in a `try` that goes on without."""
    for name in (each for each in files.code(".py") if "from_envvar(" in files.text(each)):
        every = nodes(files.tree(name) or ast.Module([], []))
        tries = [node for node in every if isinstance(node, ast.Try) and node.handlers]
        tried = {part for node in tries for each in node.body for part in ast.walk(each)}
        calls = [node for node in every if isinstance(node, ast.Call) and callee(node) == "from_envvar"]
        for call in calls:
            if call not in tried and len(call.args) == 1 and not call.keywords and text(call.args[0]):
                yield text(call.args[0]), f"{name}:{call.lineno}"


def _usual(files: Files, one: Variable) -> tuple[str, str] | None:
    """The path that code takes without the variable, and the name of the file."""
    name, _, line = one.where.rpartition(":")
    start = files.offset(name, int(line) if line.isdigit() else 1)
    match = ELSEWHERE.search("\n".join(files.text(name)[start:].split("\n")[:LINES]))
    return (match[0].strip("'\""), match[1]) if match else None


def _example(files: Files, wanted: str) -> str:
    """A tracked file of that name, else an example of it."""
    path = PurePosixPath(wanted)
    words = ("example", "sample", "dist", "template", "default")
    names = [wanted, *(f"{wanted}.{word}" for word in words)]
    names += [f"{path.stem}{mark}{word}{path.suffix}" for word in words for mark in ".-_"]
    return next((one for one in files.named(*names) if not ASIDE.search(f"/{one}")), "")
