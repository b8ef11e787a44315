"""Files of variables (`env_file:`, `.env`) read as Compose reads them.

Source: https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from devenv.model.interpolation import interpolate

LINE = re.compile(
    r"""^[ \t]*\#[^\n]*$ | ^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*
        (?:[=:][ \t]*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[^\n]*))[^\n]*)?$""",
    re.M | re.X | re.S,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$$"}


def read(path: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a file; later lines may use earlier ones. A name alone takes its value from `variables`."""
    found: dict[str, str] = {}
    for match in LINE.finditer(path.read_text(encoding="utf-8")):
        if match["name"] is None:  # a comment; a # inside quotes is none
            continue
        value = _value(match, {**found, **variables})
        if value is not None:
            found[match["name"]] = value
    return found


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str | None:
    if match["single"] is not None:
        return match["single"].replace("\\'", "'")
    if match["double"] is not None:
        return interpolate(re.sub(r"\\(.)", _escape, match["double"]), variables)
    if match["bare"] is None:
        return variables.get(match["name"])
    return interpolate(re.split(r"(?:^|\s)#", match["bare"])[0].strip(), variables)


def _escape(match: re.Match[str]) -> str:
    return ESCAPES.get(match[1], match[0])
