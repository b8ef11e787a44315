"""TOML, JSON, YAML, INI and environment files as plain data. Broken files are empty; values of YAML have a line."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.base.errors import DevError
from devenv.model import document
from tools.adopt.found import Found
from tools.adopt.read.text.files import Files

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ASSIGNMENT = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def yaml_of(files: Files, name: str) -> dict[str, Any]:
    try:
        return table(document.parse(Path(name), files.text(name), document.Texts).data)
    except DevError:
        return {}


def toml_of(files: Files, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(files.text(name))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}


def json_of(files: Files, name: str) -> dict[str, Any]:
    try:
        return table(json.loads(files.text(name)))
    except (ValueError, RecursionError):
        return {}


def ini_of(files: Files, name: str) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(files.text(name))
    except configparser.Error:
        return {}
    return {section: {key: value or "" for key, value in parser[section].items()} for section in parser.sections()}


def environment_of(files: Files, name: str) -> dict[str, Found]:
    """The assignments of a file such as .env.example, without quotes and comments."""
    found = {}
    for match in ASSIGNMENT.finditer(files.text(name)):
        found[match[1]] = Found(unquote(match[2]), files.at(name, match.start(1)))
    return found


def unquote(value: str) -> str:
    """A value as in a shell: the text in quotes, else everything before a comment."""
    quoted = re.match(r"""(["'])(.*?)\1""", value)
    return quoted[2] if quoted else re.sub(r"(^|\s+)#.*", "", value)


def table(value: object, *path: str) -> dict[str, Any]:
    """The mapping at a path of keys; empty if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    """The strings of a list; a single string is a list of one."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, (list, tuple)) else []
