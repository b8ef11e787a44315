"""Flask's own commands. Before 2.2, the application and the debugger are chosen by variables, not by options.

A project with commands of its own has a FlaskGroup, which names the function that makes the application.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable

from tools.adopt.found import Found, Open
from tools.adopt.read.packages.project import Project, allows, version_key
from tools.adopt.read.text import filed
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import module, nodes, settings, source, text

OPTIONS = "2.2"  # the first Flask with `flask --app TARGET run --debug`
PYTHON = "3.7"  # that it needs
SERVER = "SERVER_NAME"
ANY_HOST = "3.1"  # the first one whose SERVER_NAME does not limit the hosts


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
        for call in (each for each in nodes(tree) if isinstance(each, ast.Call)) if tree else ():
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


def server_name(files: Files, project: Project, names: Iterable[str]) -> Open | None:
    """An open point if SERVER_NAME is fixed, in code or in a file that it reads: pages of our URL are 404 then."""
    flask = project.packages.get("flask")
    for name in names if flask and not allows(flask.spec, ANY_HOST) else ():
        tree = files.tree(name) if SERVER in files.text(name) else None
        for key, value in settings(tree) if tree else ():
            fixed = text(value) or (_filed(files, value) if key == SERVER else "")
            if key == SERVER and fixed and ".localhost" not in fixed:
                what = Found(
                    f"SERVER_NAME is {fixed}, so the pages of the service's URL are 404", f"{name}:{value.lineno}"
                )
                return Open(what, f"in {name}: SERVER_NAME = None")
    return None


def _filed(files: Files, value: ast.expr) -> str:
    """The value of an option of this name, in any case of letters, that a call or a subscript reads."""
    found = [filed.option(files, word) for word in filed.words(value) if word.upper() == SERVER]
    return next((one.value for one in found if one), "")
