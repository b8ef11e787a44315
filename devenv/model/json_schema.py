"""Checks data against the part of JSON Schema that schema.json uses, and reports errors in words.

The jsonschema package is not used: it is slower to import than everything else here, and it can neither name lines nor
suggest a similar key. A test checks that both give the same results.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from devenv.base.errors import did_you_mean
from devenv.model.document import Document, Instead, parse, text_of

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def read(file: Path) -> Any:
    """A schema of ours."""
    return json.loads(file.read_text(encoding="utf-8"))


def load(path: Path, schema: Path) -> Document:
    """A YAML file that keeps a schema of ours. DevError 111 with file and line for the first error."""
    return _kept(path, text_of(path), schema)


@lru_cache(maxsize=64)  # as document.parse
def _kept(path: Path, text: str, schema: Path) -> Document:
    document = parse(path, text)
    check(document, read(schema))
    return document


def check(document: Document, schema: Any) -> None:
    """Raise the first error in the document as DevError 111 with file, line and the allowed values."""
    _check(document, (), document.data, schema)


def _check(document: Document, keys: tuple[Any, ...], value: Any, schema: Any) -> None:
    if isinstance(value, Instead):
        if value.value is None:
            return
        value = value.value
    wrong = _wrong(value, schema)
    if wrong:
        raise document.error(keys, f"{_name(keys)}{wrong}", *_hints(schema))
    if isinstance(value, dict):
        _check_object(document, keys, value, schema)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(document, (*keys, index), item, schema.get("items", {}))


def _wrong(value: Any, schema: Any) -> str:
    """What is wrong with the value itself, in words; empty if nothing is."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return f"must be {' or '.join(_article(k) for k in kinds if k != 'null')}, not {_show(value)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(schema['enum'])}, not {_show(value)}"
    if isinstance(value, str) and not _matches(value, schema):
        return f"{_show(value)} is not allowed here"
    return _out_of_range(value, schema)


def _out_of_range(value: Any, schema: Any) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None or low <= value <= high:
        return ""
    return f"must be from {low} to {high}, not {value}"


def _check_object(document: Document, keys: tuple[Any, ...], value: Any, schema: Any) -> None:
    known, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
    for key, item in value.items():
        _check_key(document, (*keys, key), schema)
        _check(document, (*keys, key), item, known.get(key, rest))
    for key in schema.get("required", []):
        if key not in value:
            hint = f"add a line `{key}: ...`. {known[key].get('description', '')}".strip()
            raise document.error(keys, f"{_name(keys)}{key} is missing", hint)


def _check_key(document: Document, keys: tuple[Any, ...], schema: Any) -> None:
    key, known = keys[-1], schema.get("properties", {})
    if not isinstance(key, str):
        place = (*keys[:-1], str(key))  # lines are stored by the text of a key
        raise document.error(place, f"the key {_show(key)} must be text", "put it in quotes")
    if key not in known and schema.get("additionalProperties") is False:
        raise document.error(keys, f"unknown key {key}", did_you_mean(key, list(known)))
    names = schema.get("propertyNames", {})
    if not _matches(key, names):
        raise document.error(keys, f"the name {_show(key)} is not allowed here", *_hints(names))


def _matches(text: str, schema: Any) -> bool:
    # In JSON Schema $ matches the very end; in Python also before a final newline.
    return bool(re.search(schema.get("pattern", "").replace("$", r"\Z"), text))


def _is(value: Any, kind: str) -> bool:
    # In Python, True is an int.
    return isinstance(value, TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")


def _article(kind: str) -> str:
    names = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}
    names["boolean"] = "true or false"
    return names.get(kind, f"a {kind}")


def _show(value: Any) -> str:
    """The value as written in the file, cut to a readable length."""
    text = "nothing" if value is None else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _name(keys: tuple[Any, ...]) -> str:
    return f"{'.'.join(map(str, keys))}: " if keys else ""


def _hints(schema: Any) -> list[str]:
    return [schema["description"]] if "description" in schema else []
