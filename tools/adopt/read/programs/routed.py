"""Flask's applications whose routes a command of the project adds: `flask run` would serve one without pages."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from tools.adopt.found import Application, Commands, Found
from tools.adopt.read.packages.project import Project, normal
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.variable import Variable

ADDS = "register_blueprint"


def corrected(
    files: Files, project: Project, served: Application | None, ways: Commands, said: Mapping[str, Variable]
) -> Commands:
    """The commands with that one as the development server, if a variable gives its port; without it, with none.

    They stay as they are if the file with the application, or a module while it is imported, adds routes.
    """
    target = served.target if served and served.framework.value == "flask" else None
    adding = [name for name in files.code(".py") if ADDS in files.text(name)] if target else []
    if not target or not ways.develop or ways.develop.where != target.where:
        return ways
    file = target.where.rpartition(":")[0]  # another file's, such as a Procfile's, is a server that they chose
    if not file.endswith(".py") or file in adding or any(_functions(files, name) is None for name in adding):
        return ways
    for script, call in project.scripts.items():
        function = call.value.partition(":")[2]
        if any(function in (_functions(files, name) or ()) and _leads_to(files, call.value, name) for name in adding):
            port = next((one for one in said.values() if _is_port(one, project)), None)
            command = Found(f"env {port.name}={{port}} {script}", call.where) if port else None
            return replace(ways, develop=command, serve=None)
    return ways


def _functions(files: Files, name: str) -> set[str] | None:
    """The functions of a module that add routes; None if it does so elsewhere, too."""
    tree = files.tree(name) or ast.Module([], [])
    counts = {each.name: ast.unparse(each).count(ADDS) for each in tree.body if isinstance(each, ast.FunctionDef)}
    whole = sum(ast.unparse(each).count(ADDS) for each in tree.body)
    return {each for each, count in counts.items() if count} if sum(counts.values()) == whole else None


def _leads_to(files: Files, call: str, wanted: str) -> bool:
    """Whether an entry point (`shop.__main__:main`) is a function of that file, or of a module that imports it."""
    module, _, function = call.partition(":")
    ends = f"/{module.replace('.', '/')}.py"
    start = next((name for name in files.code(".py") if f"/{name}".endswith(ends)), "")
    tree = files.tree(start) if start else None
    imports = [each for each in tree.body if isinstance(each, ast.ImportFrom)] if tree else []
    paths = [
        f"/{(each.module or '').replace('.', '/')}.py" for each in imports if function in [n.name for n in each.names]
    ]
    return start == wanted or any(f"/{wanted}".endswith(path) for path in paths)


def _is_port(one: Variable, project: Project) -> bool:
    """Whether a variable is the port of this project by its name, and has one as default."""
    group, _, last = one.name.rpartition("_")
    own = normal(project.name.value).replace("-", "") if project.name else ""
    return last == "PORT" and (not group or own.startswith(group.lower().replace("_", "")))
