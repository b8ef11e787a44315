"""Names that a release of a package removed: code that imports one needs an earlier release than the newest."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tools.adopt.found import Dependencies, Found
from tools.adopt.read.packages.project import Package, allows
from tools.adopt.read.programs.servers import ADDS
from tools.adopt.read.text.files import Files

# By package: the release, the module, and the names that it no longer has; none: the whole module. A new one is a row.
REMOVED = {
    "django": (
        ("4.0", "django.conf.urls", ("url",)),
        ("4.0", "django.utils.translation", ("ugettext", "ugettext_lazy", "ugettext_noop", "ungettext")),
        ("4.0", "django.utils.encoding", ("force_text", "smart_text")),
        ("4.0", "django.utils.http", ("urlquote", "is_safe_url")),
        ("4.0", "django.contrib.postgres.fields", ("JSONField",)),
        ("5.0", "django.utils.timezone", ("utc",)),
    ),
    "flask": (
        ("2.3", "flask", ("_app_ctx_stack", "_request_ctx_stack")),
        ("2.3", "flask.json", ("JSONEncoder", "JSONDecoder")),
        ("3.0", "flask", ("Markup", "escape")),
    ),
    "jinja2": (("3.1", "jinja2", ("Markup", "escape", "contextfunction", "contextfilter", "environmentfilter")),),
    "pydantic": (("2.0", "pydantic", ("BaseSettings",)),),
    "werkzeug": (
        ("1.0", "werkzeug.contrib", ()),
        ("3.0", "werkzeug.urls", ("url_decode", "url_encode", "url_parse", "url_quote")),
    ),
}


def limits(files: Files, packages: Mapping[str, Package], made: Dependencies | None) -> dict[str, Package]:
    """The listed packages that may be too new for the code, with the bound, at the place of the import.

    Empty if a lock says which release is installed.
    """
    found: dict[str, Package] = {}
    lists = made is not None and made.manager.value in ADDS
    imports = list(_imports(files)) if lists and REMOVED.keys() & packages.keys() else []
    for name, rows in REMOVED.items():
        listed = packages.get(name)
        for release, module, gone in rows if listed else ():
            used = next((where for one, word, where in imports if _is_gone(one, word, module, gone)), "")
            if listed and used and name not in found and allows(listed.spec, release):
                spec = ",".join(filter(None, (listed.spec.strip(), f"<{release}")))
                found[name] = replace(listed, spec=spec, where=used)
    return found


def _is_gone(imported: str, word: str, module: str, gone: tuple[str, ...]) -> bool:
    """Whether an import is of one of the names, or without names of the module or one in it."""
    return (imported == module and word in gone) if gone else f"{imported}.".startswith(f"{module}.")


def installed(made: Dependencies | None, bounded: Mapping[str, Package]) -> Dependencies | None:
    """The dependencies with these bounds, which pip reads together with the list."""
    return replace(made, more=(*made.more, *bounds(bounded))) if made else None


def bounds(bounded: Mapping[str, Package]) -> dict[str, Found]:
    """What is installed next to the list for each, with a note."""
    text = "the code needs {}: a name that it imports was removed"
    pairs = ((f"{one.name}<{one.spec.rpartition('<')[2]}", one.where) for one in bounded.values())
    return {bound: Found(text.format(bound), where) for bound, where in pairs}


def _imports(files: Files) -> Iterator[tuple[str, str, str]]:
    """Module, name and place of each import that always happens: one in a `try` has an alternative.

    Only of files that may have one of the removed names.
    """
    rows = [(module, gone) for each in REMOVED.values() for _, module, gone in each]
    for name in files.code(".py"):
        text = files.text(name)  # to parse all takes long
        may = any(module in text and (not gone or any(word in text for word in gone)) for module, gone in rows)
        tree = files.tree(name) if may else None
        for node in tree.body if tree else ():
            if isinstance(node, ast.ImportFrom) and not node.level:
                yield from ((node.module or "", each.name, f"{name}:{node.lineno}") for each in node.names)
