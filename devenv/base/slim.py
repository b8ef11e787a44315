"""Imports invoke and PyYAML without the parts that our commands never use. That saves a third of the start-up time."""

from __future__ import annotations

import base64  # noqa: F401  PyYAML imports it, and it must get the real `re`
import importlib
import re
import sys
from types import ModuleType
from typing import Any


class Later:
    """A regular expression that is compiled when it is first used."""

    def __init__(self, *pattern: Any) -> None:
        self._pattern = pattern

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._pattern), name)
        setattr(self, name, found)  # from now on, attribute access does not come here
        return found


def import_invoke() -> None:
    """Import invoke with substitutes for three modules, which are in place only during the import.

    unittest.mock (which imports asyncio) is only for testing tasks. importlib.metadata (which imports email) only tells
    invoke its version. invoke's copy of PyYAML is replaced by PyYAML itself, as distributions do.
    """
    light = {
        "unittest.mock": _module("unittest.mock", Mock=object),
        "importlib.metadata": _module("importlib.metadata", version=lambda _name: ""),
        "invoke.vendor.yaml": _import_yaml(),
    }
    added = [name for name in light if name not in sys.modules]
    sys.modules.update({name: light[name] for name in added})
    importlib.import_module("invoke")
    for name in added:
        del sys.modules[name]


def _import_yaml() -> ModuleType:
    """At import, PyYAML compiles the patterns of its Python reader. We use the reader in C."""
    sys.modules["re"] = _module("re", **{**vars(re), "compile": Later})
    try:
        return importlib.import_module("yaml")
    finally:
        sys.modules["re"] = re


def _module(name: str, **content: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module
