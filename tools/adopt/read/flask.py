"""Flask's own commands. Before 2.2, the application and the debugger are chosen by variables, not by options.

A project with commands of its own has a FlaskGroup, which names the function that makes the application.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable

from tools.adopt.found import Found
from tools.adopt.read.files import Files
from tools.adopt.read.project import Project, allows, version_key
from tools.adopt.read.syntax import module, source

OPTIONS = "2.2"  # the first Flask with `flask --app TARGET run --debug`
PYTHON = "3.7"  # that it needs


def command(project: Project, target: str, words: str) -> str:
    """The command line of `flask WORDS` for a target such as `shop.app:create_app()`."""
    flask = project.packages.get("flask")
    python = version_key(project.version.value if project.version else PYTHON)
    if python >= version_key(PYTHON) and (flask is None or allows(flask.spec, OPTIONS)):
        return f"flask --app {shlex.quote(target)} {words}"
    debug = "FLASK_DEBUG=1 " if "--debug" in words else ""
    return f"env FLASK_APP={shlex.quote(target)} {debug}flask {words.replace(' --debug', '')}"


def factory_of_group(files: Files, names: Iterable[str]) -> Found | None:
    """The target that `create_app=` of the first FlaskGroup leads to: it is called without arguments."""
    for name in names:
        tree = files.tree(name) if "FlaskGroup" in files.text(name) else None
        for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)) if tree else ():
            given = {each.arg: each.value for each in call.keywords}
            made, group = given.get("create_app"), given.get("cls", call.func)
            if isinstance(made, ast.Name) and tree and ast.unparse(group).endswith("FlaskGroup"):
                return Found(f"{_origin(files, name, tree, made.id)}:{made.id}()", f"{name}:{call.lineno}")
    return None


def _origin(files: Files, name: str, tree: ast.Module, wanted: str) -> str:
    """The module that a name of a file is from."""
    own = module(files, name)
    package = own.split(".") if name.endswith("/__init__.py") else own.split(".")[:-1]
    imports = [each for each in tree.body if isinstance(each, ast.ImportFrom)]
    return next((source(each, package) for each in imports if wanted in [one.name for one in each.names]), own)
