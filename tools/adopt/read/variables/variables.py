"""The environment variables that code reads, with their defaults."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import chain

from tools.adopt.read.text.files import Files
from tools.adopt.read.text.variable import Variable
from tools.adopt.read.variables import variables_javascript, variables_python, variables_sections

SETTINGS = re.compile(r"(^|/)(settings?|config|configuration|env|environment|base|production|local)(/|\.|_|-)", re.I)
SIDE = re.compile(r"(^|/)(scripts?|tools?|ci|\.github|deploy|hooks?)/|setup\.py$|fabfile|noxfile")  # run by people


def variables(files: Files, language: str, without: Collection[str] = ()) -> dict[str, Variable]:
    """By name, the first use with a default, else the first one; settings files come first, those `without` not."""
    reader = variables_python if language == "python" else variables_javascript
    own = [name for name in files.code(*reader.SUFFIXES) if not SIDE.search(name) and name not in without]
    found: dict[str, Variable] = {}
    own = sorted(own, key=lambda name: not SETTINGS.search(name))
    every = reader.reads(files, own)
    for variable in chain(every, variables_sections.reads(files, own)) if language == "python" else every:
        known = found.get(variable.name)
        if known is None or (known.default is None and variable.default is not None and not known.required):
            found[variable.name] = variable
    return found
