"""Programs that Django starts: what settings name to compile style sheets, and what their `runserver` calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tools.adopt.found import Dependencies, Found, Open
from tools.adopt.read.programs.servers import ADDS
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes, sets, text

COMPRESSOR = "COMPRESS_PRECOMPILERS"  # django-compressor: pairs of a type and a command
PIPELINE = "PIPELINE"  # django-pipeline: SASS_BINARY and the like
BINARY = re.compile(r"_BINARY$")
PROGRAM = re.compile(r"(?:/usr(?:/local)?/bin/)?([a-z][\w-]*)(?= |$)")  # not a file of theirs, nor a class
PYPI = {"sassc": "libsass<0.21"}  # the later releases name it pysassc
DEBIAN = {"sassc": "sassc", "lessc": "node-less", "coffee": "coffeescript", "uglifyjs": "uglifyjs"}
DEBIAN |= {"node": "nodejs", "npm": "npm", "npx": "npm"}
RUNSERVER = re.compile(r"(^|/)management/commands/runserver\.py$")
STARTS = ("Popen", "run", "call", "check_call", "check_output")


class Needed(NamedTuple):
    """What brings the programs: the dependencies with packages of PyPI, packages of Debian, or the owner."""

    dependencies: Dependencies | None
    packages: tuple[Found, ...]
    open: tuple[Open, ...]
    notes: tuple[Found, ...]


def needed(files: Files, settings: Iterable[str], made: Dependencies | None) -> Needed:
    """What the programs come with. `settings`: the files that run; `made`: the dependencies without them."""
    packages, points, notes = [], [], []
    for program, (said, where) in {**_started(files), **_programs(files, settings)}.items():
        brought = PYPI.get(program)
        if made and brought and made.manager.value in ADDS:
            made = replace(made, more=(*made.more, brought))
            notes.append(Found(f"{said} the program {program}: {brought} is installed, too", where))
        elif program in DEBIAN:
            packages.append(Found(DEBIAN[program], where))
            notes.append(Found(f"{said} the program {program}; without containers, install it yourself", where))
        else:
            what = Found(f"{said} the program {program}; without containers, install it yourself", where)
            points.append(Open(what, f"RUN apt-get update && apt-get install --yes {program}", "image"))
    return Needed(made, tuple(packages), tuple(points), tuple(notes))


def _started(files: Files) -> dict[str, tuple[str, str]]:
    """The programs that a `runserver` of the service starts next to the server: a watcher of the frontend."""
    found: dict[str, tuple[str, str]] = {}
    for name in filter(RUNSERVER.search, files.code(".py")):
        for call in nodes(files.tree(name) or ast.Module([], [])):
            words = call.args[0] if isinstance(call, ast.Call) and callee(call) in STARTS and call.args else None
            first = words.elts[0] if isinstance(words, ast.List) and words.elts else words
            match = PROGRAM.match(text(first))
            if match and words:
                found.setdefault(match[1], ("runserver starts", f"{name}:{words.lineno}"))
    return found


def _programs(files: Files, settings: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The programs, with the places that name them first."""
    found: dict[str, tuple[str, str]] = {}
    for name in settings:
        for value in (one for key in (COMPRESSOR, PIPELINE) for _, one in sets(files, name, key)):
            for command in _commands(value):
                match = PROGRAM.match(text(command))
                if match:
                    found.setdefault(match[1], ("settings name", f"{name}:{command.lineno}"))
    return found


def _commands(value: ast.expr) -> Iterator[ast.expr]:
    """What is a command: the second of a pair whose first is a type, and the value of a key such as SASS_BINARY."""
    for node in ast.walk(value):
        if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2 and "/" in text(node.elts[0]):
            yield node.elts[1]
        elif isinstance(node, ast.Dict):
            yield from (one for key, one in zip(node.keys, node.values) if BINARY.search(text(key)))
