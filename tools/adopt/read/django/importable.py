"""A settings module in a folder that Python does not import from, such as `deploy/settings.py`."""

from __future__ import annotations

from dataclasses import replace

from tools.adopt.found import Found
from tools.adopt.read.containers.values import PATH, Values
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import path_of


def with_path(files: Files, given: Values, module: Found | None) -> Values:
    """The values with that folder in PYTHONPATH. `module`: the settings that commands run with."""
    name = path_of(files, module.value) if module else ""
    folder = _outside(files, name, module.value) if name and module else ""
    known = given.get(PATH)
    if not folder or (known and folder in known.value.split(":")):
        return given
    value = ":".join(filter(None, (known.value if known else "", folder)))
    return replace(given, run={**given.run, PATH: Found(value, name)})


def _outside(files: Files, name: str, module: str) -> str:
    """The folder that has the module's file; empty if Python imports from there, or if it is a package itself."""
    path = module.replace(".", "/")
    base = next(name.removesuffix(end) for end in (f"{path}.py", f"{path}/__init__.py") if name.endswith(end)).strip(
        "/"
    )
    usual = {"", "src", *(script.rpartition("/")[0] for script in files.named("manage.py", depth=2))}
    return "" if base in usual or files.has(f"{base}/__init__.py") else base
