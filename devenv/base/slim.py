"""Imports invoke and PyYAML without what our commands never use of them: over a third of what a start would take."""

from __future__ import annotations

import base64  # noqa: F401  PyYAML imports it, and it is to have the real `re`
import importlib
import re
import sys
from types import ModuleType
from typing import Any


class Later:
    """A pattern that is compiled when it is first used."""

    def __init__(self, *pattern: Any) -> None:
        self._pattern = pattern

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._pattern), name)
        setattr(self, name, found)  # from now on it is found without us
        return found


def import_invoke() -> None:
    """Import invoke with stand-ins for three modules, which are there for that moment alone.

    unittest.mock (and with it asyncio) is for those who test their tasks, importlib.metadata (and with it email) tells
    invoke its own version; and its copy of PyYAML is what distributions replace in the same way.
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
    """PyYAML compiles at import the patterns of its reader in Python, where ours is the one in C."""
    sys.modules["re"] = _module("re", **{**vars(re), "compile": Later})
    try:
        return importlib.import_module("yaml")
    finally:
        sys.modules["re"] = re


def _module(name: str, **content: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module
