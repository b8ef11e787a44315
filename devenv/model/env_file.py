"""Reads files of variables, `.env` and `env_file:`, like Compose.

Source: https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from devenv.base.errors import CONFIG, DevError
from devenv.model import compose_file, document

LINE = r"""(?msx)^[ \t]*\#[^\n]*$ | ^[ \t]*(?:export[ \t]+)?(?P<name>\w[\w.-]*)[ \t]*
        (?:[=:][ \t]*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[^\n]*))[^\n]*)?$"""
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$$"}


def read(path: Path, variables: Mapping[str, str], earlier: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The variables of a file (`env_file:`, `.env`); later lines may use earlier ones, and those of `earlier` files.

    A name without a value takes it from `variables`, which also count before those of files. DevError 111 with file and
    line.
    """
    found: dict[str, str] = {}
    text = document.text_of(path)
    end = 0  # of what was read
    for match in re.finditer(LINE, text):
        _check_blank(path, text, end, match.start())
        end = match.end()
        if match["name"] is None:  # a comment, not a # inside quotes
            continue
        try:
            value = _value(match, {**earlier, **found, **variables})
        except compose_file.InterpolationError as error:
            line = text.count("\n", 0, match.start("name")) + 1
            raise DevError(CONFIG, f"{document.short(path)}:{line}: {match['name']}: {error}") from None
        if value is not None:
            found[match["name"]] = value
    _check_blank(path, text, end, len(text))
    return found


def read_raw(path: Path) -> dict[str, str]:
    """The variables of an `env_file` with `format: raw`: what is after `=`, as it is. DevError 111 with the file."""
    lines = [line.lstrip() for line in document.text_of(path).splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, equals, value in pairs if equals}


def _check_blank(path: Path, text: str, start: int, end: int) -> None:
    """DevError 111 if there is something between two variables."""
    between = text[start:end]
    if between.strip():
        line = text.count("\n", 0, start + len(between) - len(between.lstrip())) + 1
        raise DevError(CONFIG, f"{document.short(path)}:{line}: not a comment, and not NAME=VALUE")


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str | None:
    if match["single"] is not None:
        return match["single"].replace("\\'", "'")
    if match["double"] is not None:
        return compose_file.interpolate(re.sub(r"\\(.)", _escape, match["double"]), variables, strict=False)
    if match["bare"] is None:
        return variables.get(match["name"])
    if match["bare"].startswith(("'", '"')):
        raise compose_file.InterpolationError("the quote is not closed")
    # A # begins a comment after a space in a value, and is the value itself at its start.
    return compose_file.interpolate(re.split(r"\s#", match["bare"])[0].strip(), variables, strict=False)


def _escape(match: re.Match[str]) -> str:
    return ESCAPES.get(match[1], match[0])
