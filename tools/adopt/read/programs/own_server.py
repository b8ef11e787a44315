"""The server that a Python project itself starts, for frameworks without a command of their own: aiohttp, tornado."""

from __future__ import annotations

import re
from dataclasses import replace

from tools.adopt.found import Commands, Found
from tools.adopt.read.packages.project import Project
from tools.adopt.read.programs import makefile
from tools.adopt.read.text.files import Files

SERVES = re.compile(r"\brun_app\(|\buvicorn\.run\(|\bapp\.run\(|\bserve(?:_forever)?\(|\.listen\(|\brun_forever\(")
PYTHON = re.compile(r"python3?\s+(?:-m\s+(?P<module>[\w.]+)|(?P<file>[\w./-]+\.py))(?P<rest>(?:\s+[\w./:=,-]+)*)")


def added(files: Files, project: Project, ways: Commands, port: Found | None) -> Commands:
    """The commands with a target of the Makefile and a console script that serve, if there is no other server.

    `port`: the variable that the code reads its port from. Without one, nothing could tell it ours.
    """
    if port is None or ways.develop:
        return ways
    script = next((Found(key, call.where) for key, call in project.scripts.items() if _serves(files, call.value)), None)
    script = script if project.dependencies and project.dependencies.build else None
    target = makefile.command(files, ("run", "serve", "server", "start", "dev", "develop", "runserver"))
    match = PYTHON.fullmatch(target.value) if target else None
    runs = (
        target
        if match and (_serves(files, match["module"] or "") or _text_serves(files, match["file"] or ""))
        else None
    )
    develop = runs or script
    return replace(ways, develop=develop, serve=ways.serve or script or develop) if develop else ways


def _serves(files: Files, entry: str) -> bool:
    """Whether the module of an entry point (`votes.main:main`) starts a server."""
    path = entry.partition(":")[0].replace(".", "/")
    ends = (".py", "/__main__.py", "/__init__.py")
    return bool(path) and any(_text_serves(files, f"{base}{path}{end}") for base in ("", "src/") for end in ends)


def _text_serves(files: Files, name: str) -> bool:
    return bool(SERVES.search(files.text(name)))
