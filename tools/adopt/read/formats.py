"""TOML, JSON, YAML, INI and environment files as plain data. Broken files are empty; values of YAML have a line."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tools.adopt.found import Found
from tools.adopt.read.files import Files

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

MUCH = 200_000  # characters of YAML: larger files take the Python reader seconds
ASSIGNMENT = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


class Text(str):
    """A scalar of a YAML file with its line."""

    line = 0


class Loader(yaml.SafeLoader):
    """All scalars stay text: `8000:8000` and `no` are not converted."""

    yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}  # noqa: RUF012


def _scalar(loader: Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):  # with a custom tag
        return loader.construct_sequence(node, True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, True)
    text = Text(node.value)
    text.line = node.start_mark.line + 1
    return text


Loader.add_constructor("tag:yaml.org,2002:str", _scalar)
Loader.add_multi_constructor("", _scalar)  # unknown tags, such as !reset
for kind in ("null", "bool", "int", "float", "timestamp", "binary"):
    Loader.add_constructor(f"tag:yaml.org,2002:{kind}", _scalar)


def yaml_of(files: Files, name: str) -> dict[str, Any]:
    text = files.text(name)
    try:
        return table(yaml.load(text, Loader)) if len(text) <= MUCH else {}  # a safe loader: see above
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
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
