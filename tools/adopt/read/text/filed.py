"""Options of configuration files that code reads: INI, TOML, YAML or JSON."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.adopt.found import Found
from tools.adopt.read.text.files import ASIDE, Files
from tools.adopt.read.text.syntax import text

NAMES = ("*.cfg", "*.conf", "*.ini", "*.json", "*.toml", "*.yaml", "*.yml")
# Files of tools, which the service does not read.
TOOLS = re.compile(
    r"(^|/)(\.\w|compose|docker|alembic|setup\.cfg|tox\.ini|pyproject|mkdocs|package)|(^|/)(chart|k8s|deploy)"
)
OPTION = r"""^[ \t]*["']?(?P<key>{key})["']?[ \t]*[:=][ \t]*["']?(?P<value>{value})"""
ADDRESS = r"""(?:sqlite|postgres(?:ql)?|mysql|mariadb)(?:\+\w+)?://[^\s"',]+"""


def options(files: Files) -> dict[str, Found]:
    """The addresses of databases by the name of their option, the first one of each."""
    found: dict[str, Found] = {}
    for one, where in _search(files, r"[A-Za-z]\w*", ADDRESS):
        found.setdefault(one["key"], Found(one["value"], where))
    return found


def option(files: Files, name: str) -> Found | None:
    """The first value of an option that is a word or an address; None if all are empty."""
    return next((Found(one["value"], where) for one, where in _search(files, re.escape(name), r"[\w.:/-]+")), None)


def words(value: ast.expr) -> list[str]:
    """The texts in a call or a subscript that may read an option: `config.get("core", "database_uri")`."""
    if not isinstance(value, (ast.Call, ast.Subscript)) or "environ" in ast.unparse(value):
        return []
    return [text(each) for each in ast.walk(value) if isinstance(each, ast.Constant)]


def _search(files: Files, key: str, value: str) -> Iterator[tuple[re.Match[str], str]]:
    names = [name for name in files.named(*NAMES, depth=4) if not TOOLS.search(name) and not ASIDE.search(f"/{name}")]
    return files.search(re.compile(OPTION.format(key=key, value=value), re.MULTILINE), names)
