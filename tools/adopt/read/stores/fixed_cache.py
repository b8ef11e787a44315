"""The address of a cache that settings have as a text: no variable can say where it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tools.adopt.found import Found, Open, Store
from tools.adopt.read.stores import fixed
from tools.adopt.read.stores.kinds import Facts
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import nodes, settings, text

ADDRESS = re.compile(r"(?P<scheme>rediss?)://(?:localhost|127\.0\.0\.1|redis|valkey|cache)(?::\d+)?(?:/\w*)?")
NAME = "REDIS_URL"


def prefixed(facts: Facts) -> Store | None:
    """Redis under the names that Flask's `from_prefixed_env` reads instead of the constants of a configuration."""
    called = next(facts.files.search(fixed.PREFIXED, facts.code), None)
    found: dict[str, Found] = {}
    for name in fixed.of_settings(facts) if called else ():
        tree = facts.files.tree(name) if "redis" in facts.files.text(name) else None
        for key, value in settings(tree) if tree else ():
            if key.isupper() and ADDRESS.fullmatch(text(value)):
                found.setdefault(
                    f"{fixed.prefix(called[0] if called else None)}_{key}", Found(text(value), f"{name}:{value.lineno}")
                )
    if not found:
        return None
    (first, one), *others = found.items()
    scheme = one.value.partition("://")[0]
    return Store(
        Found("redis", one.where), variables={"url": Found(first, one.where)}, scheme=scheme, others=dict(others)
    )


def cache(files: Files, settings: Iterable[str]) -> tuple[Store | None, Open | None]:
    """Redis under the usual name, and an open point with the lines that have to read it; None without such a line.

    `settings`: the files that run. An address that is only a default, an argument of a call, is not one.
    """
    places = [place for name in settings for place in _places(files, name)]
    if not places:
        return None, None
    name, line, scheme = places[0]
    lines = ", ".join(f"{file}:{number}" for file, number, _ in places)
    what = Found(f"the address of Redis is fixed here, and {NAME} has the one to use", lines)
    found = Found("redis", f"{name}:{line}")
    store = Store(kind=found, variables={"url": Found(NAME, f"{name}:{line}")}, scheme=scheme)
    return store, Open(what, f'in {", ".join(dict.fromkeys(one[0] for one in places))}: os.environ["{NAME}"]')


def _places(files: Files, name: str) -> Iterator[tuple[str, int, str]]:
    """Where a setting, or an entry of one, is such a text."""
    tree = files.tree(name) if "redis" in files.text(name) else None
    for node in nodes(tree) if tree else ():
        values = node.values if isinstance(node, ast.Dict) else [node.value] if isinstance(node, ast.Assign) else []
        values = [each for one in values for each in (one.elts if isinstance(one, ast.List) else [one])]
        for value in values:
            match = ADDRESS.fullmatch(str(value.value)) if isinstance(value, ast.Constant) else None
            if match:
                yield name, value.lineno, match["scheme"]
