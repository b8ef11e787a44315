"""Reads compose.yaml like Compose: follows `extends` of files, substitutes variables.

Only the settings that are needed here are interpreted (model/services.py); Compose checks the rest. A test compares the
result with `docker compose config`. All forms of variables are supported: $V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e}
${V:+r} ${V+r}, nested, and $$. Sources:
https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, NamedTuple

from devenv.base.errors import DevError
from devenv.model import document, json_schema

SCHEMA = Path(__file__).with_name("compose.schema.json")
FRAGMENTS = {"postgres.yaml": "database=postgres", "mysql.yaml": "database=mysql", "redis.yaml": "cache=redis"}
APPENDED = ("ports", "volumes", "env_file", "secrets", "configs")  # lists to which extends adds entries
# Mappings that extends merges.
MERGED = ("environment", "healthcheck", "depends_on", "build", "labels", "networks", "deploy")
NAME = r"[_a-zA-Z][_a-zA-Z0-9]*"
NESTED = 20  # variables in the default of a variable
OPERATOR = r":?[-?+]"


class Raw(NamedTuple):
    """A service as written, after extends and interpolation, with its place in the file."""

    name: str
    data: Mapping[str, Any]
    source: document.Document

    def error(self, message: str, *keys: Any) -> DevError:
        """An error that names the file and the line of one of the service's keys."""
        return self.source.error(("services", self.name, *keys), message)

    def with_environment(self, more: Mapping[str, str]) -> Raw:
        """The service with these variables in its environment, instead of its own with the same names."""
        return self._replace(data=merge(self.data, {"environment": dict(more)})) if more else self


def read(path: Path) -> document.Document:
    """A compose file as written. DevError 111 with file and line if a part that we read has another type."""
    return json_schema.load(path, SCHEMA)


def load(
    path: Path, variables: Mapping[str, str], over: Path | None = None, override: Path | None = None
) -> dict[str, Raw]:
    """The services of a compose file by name, in the file's order, merged with a second file `over` it.

    `override`: a third file, which may also add services.

    DevError 111 with file and line.
    """
    found = {name: Raw(name, merge({}, raw.data), raw.source) for name, raw in _load(path, variables).items()}
    for name, above in (_load(over, variables) if over else {}).items():
        if name not in found:
            raise above.error(f"service {name} is not in {path.name}, over which this file is merged")
        found[name] = Raw(name, merge(found[name].data, above.data), found[name].source)
    for name, above in (_load(override, variables) if override else {}).items():
        below = found.get(name, Raw(name, {}, above.source))
        found[name] = Raw(name, merge(below.data, above.data), below.source)
    return found


def _load(path: Path, variables: Mapping[str, str]) -> dict[str, Raw]:
    source = read(path)
    services = source.data.get("services")
    if source.data.get("include"):
        message = "include: the services of other files would be neither started nor listed"
        raise source.error(("include",), message, "take them one by one: extends: {file: FILE, service: NAME}")
    if not services:
        raise source.error(("services",), "services: at least one service must be defined")
    return {name: Raw(name, _extended(source, name, variables), source) for name in services}


def _extended(source: document.Document, name: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """A service with what it extends, which is judged as Compose does: when all is merged.

    So a value that is replaced does not count. An error has the line of the file that is extended.
    """
    used: list[document.Document] = []
    found = _service(source, name, variables, (), used)
    if used:
        try:
            json_schema.check(source._replace(data={"services": {name: found}}), json_schema.read(SCHEMA))
        except DevError:
            for other in used:
                json_schema.check(other, json_schema.read(SCHEMA))
            raise
    return found


def _service(
    source: document.Document,
    name: str,
    variables: Mapping[str, str],
    seen: tuple[Any, ...],
    used: list[document.Document],
) -> dict[str, Any]:
    """`used` gets the files that are extended."""
    keys = ("services", name)
    own = source.data["services"][name]
    if isinstance(own, document.Instead):
        own = own.value or {}
    if (source.path, name) in seen:
        raise source.error(keys, f"service {name} extends itself")
    own = normalise(fill(own, variables, source, keys))
    parent = own.pop("extends", None)
    if parent is None:
        return own
    return merge(_parent(source, name, parent, variables, (*seen, (source.path, name)), used), own)


def _fragment_hint(file: str) -> tuple[str, ...]:
    """How to add a fragment of the template that the service's answers did not choose."""
    answer = FRAGMENTS.get(file.rpartition("/")[2]) if ".dev/compose/" in file else None
    return (f"inv template.update --answer {answer}",) if answer else ()


def _parent(
    source: document.Document,
    name: str,
    parent: Any,
    variables: Mapping[str, str],
    seen: tuple[Any, ...],
    used: list[document.Document],
) -> dict[str, Any]:
    parent = {"service": parent} if isinstance(parent, str) else parent
    other = source
    if "file" in parent:
        path = source.path.parent / parent["file"]
        if not os.path.isfile(path):
            message = f"extends: {parent['file']} not found"
            raise source.error(("services", name, "extends", "file"), message, *_fragment_hint(parent["file"]))
        other = document.load(path)
    used.append(other)
    json_schema.check(_merged_parts(other, parent["service"]), json_schema.read(SCHEMA))
    if parent.get("service") not in (other.data.get("services") or {}):
        message = f"extends: {other.path.name} has no service {parent.get('service')}"
        raise source.error(("services", name, "extends"), message)
    data = merge({}, _service(other, parent["service"], variables, seen, used))
    return _move(data, other.path.parent, source.path.parent)


def _merged_parts(other: document.Document, name: str) -> document.Document:
    """Of a file of which one service is extended, what has to have the right type to be merged at all."""
    services = other.data.get("services") if isinstance(other.data, dict) else None
    own = services.get(name) if isinstance(services, dict) else None
    if not isinstance(own, dict):
        return other
    lists = {key: value for key, value in own.items() if key in MERGED and not isinstance(value, dict)}
    kept = {key: value for key, value in own.items() if key in (*APPENDED, "extends")}
    return other._replace(data={"services": {name: {**lists, **kept}}})


def _pairs(items: list[Any]) -> dict[str, Any]:
    return dict(_pair(item) for item in items)


def normalise(service: dict[str, Any]) -> dict[str, Any]:
    """Convert the short forms of environment, depends_on, build and networks to mappings."""
    short: dict[str, Callable[[list[Any]], dict[str, Any]]] = {
        "environment": _pairs,
        "labels": _pairs,
        "depends_on": lambda items: {item: {"condition": "service_started"} for item in items},
        "networks": lambda items: dict.fromkeys(items),
    }
    instead = {key: value.value for key, value in service.items() if isinstance(value, document.Instead)}
    if instead:
        plain = normalise({**service, **instead})
        return {key: document.Instead(value) if key in instead else value for key, value in plain.items()}
    result = dict(service)
    for key, expand in short.items():
        if isinstance(result.get(key), list):
            result[key] = expand(result[key])
    if isinstance(result.get("build"), str):
        result["build"] = {"context": result["build"]}
    if isinstance(result.get("build"), dict) and isinstance(result["build"].get("args"), list):
        result["build"] = {**result["build"], "args": _pairs(result["build"]["args"])}
    if isinstance(result.get("env_file"), str):
        result["env_file"] = [result["env_file"]]
    if isinstance(result.get("volumes"), list):
        result["volumes"] = [_with_a_path(volume) for volume in result["volumes"]]
    return result


def _with_a_path(volume: Any) -> Any:
    """In the long form, the source of a bind mount is a path, also without ./ before it."""
    if not isinstance(volume, dict) or volume.get("type") != "bind":
        return volume
    source = str(volume.get("source", "."))
    return volume if source[:1] in ("/", ".", "~") else {**volume, "source": f"./{source}"}


def truth(value: Any) -> bool:
    """A setting that is true or false. It is text if a variable filled it."""
    return value.lower() in ("true", "y", "yes", "on") if isinstance(value, str) else bool(value)


def merge(parent: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two services as `extends` or a second file does: lists are joined, mappings merged, others replaced."""
    result = dict(parent)
    for key, value in own.items():
        below = parent.get(key)
        if isinstance(value, document.Instead):
            result[key] = value.value
        elif key in APPENDED:
            result[key] = _append(key, below or [], value or [])
        elif key in MERGED:
            result[key] = _merge_mapping(below, value) if isinstance(value, dict) else value or below
        else:
            result[key] = value
    return {key: value for key, value in result.items() if value is not None}


def _append(key: str, parent: list[Any], own: list[Any]) -> list[Any]:
    taken = {_identity(key, item) for item in own}
    return [*(item for item in parent if _identity(key, item) not in taken), *own]


def _merge_mapping(parent: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """A name without a value is kept: in `environment` it takes the user's value."""
    result = dict(parent) if isinstance(parent, dict) else {}
    for key, value in own.items():
        if isinstance(value, document.Instead):
            result[key] = value.value
            if value.value is None:
                del result[key]
        else:
            result[key] = _merge_mapping(result.get(key), value) if isinstance(value, dict) else value
    return result


def _identity(key: str, item: Any) -> str:
    """The key by which an entry of a list replaces an earlier one: for a volume the target, else the whole entry."""
    if key != "volumes":
        return str(item)
    return str(item.get("target")) if isinstance(item, dict) else (str(item).split(":")[1:2] or [str(item)])[0]


def _pair(item: Any) -> tuple[str, str | None]:
    name, equals, value = str(item).partition("=")
    return name, value if equals else None


def _move(service: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
    """Rewrite the paths of an extended file, which are relative to that file, relative to ours."""

    def moved(path: str) -> str:
        """With ./ before it, without which a volume would have this name."""
        return os.path.join(".", os.path.relpath(old / path, new)) if path.startswith(".") else path

    result = dict(service)
    if "volumes" in result:
        result["volumes"] = [
            moved(v) if isinstance(v, str) else {**v, **({"source": moved(v["source"])} if "source" in v else {})}
            for v in result["volumes"]
        ]
    context = (result.get("build") or {}).get("context", "")
    if context and ":" not in context:  # not an address
        result["build"] = {**result["build"], "context": os.path.relpath(old / context, new)}
    if "env_file" in result:
        result["env_file"] = [
            os.path.relpath(old / f, new)
            if isinstance(f, str)
            else {**f, "path": os.path.relpath(old / f["path"], new)}
            for f in result["env_file"]
        ]
    return result


def fill(value: Any, variables: Mapping[str, str], source: document.Document, keys: tuple[Any, ...]) -> Any:
    """Interpolate every text below `value`. DevError 111 with the line of `keys`."""
    if isinstance(value, document.Instead):
        return document.Instead(fill(value.value, variables, source, keys))
    if isinstance(value, dict):
        return {key: fill(item, variables, source, (*keys, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, variables, source, (*keys, i)) for i, item in enumerate(value)]
    if not isinstance(value, str) or "$" not in value:
        return value
    try:
        return interpolate(value, variables)
    except InterpolationError as error:
        raise source.error(keys, str(error)) from None


class InterpolationError(ValueError):
    """A required variable is not set, or a `$` does not start a variable."""


def interpolate(text: str, variables: Mapping[str, str], strict: bool = True) -> str:
    """Replace the variables in one value. A variable that is not set becomes an empty text.

    InterpolationError for a `$` that starts no variable; without `strict`, as in environment files, it stays.
    """
    result, rest = [], text
    while "$" in rest:
        before, _, rest = rest.partition("$")
        value, rest = _variable(rest, variables, strict)
        result += [before, value]
    return "".join([*result, rest])


def _variable(rest: str, variables: Mapping[str, str], strict: bool) -> tuple[str, str]:
    """The value of the variable after a `$`, and the text after it."""
    if rest.startswith("$"):
        return "$", rest[1:]
    if rest.startswith("{"):
        inside, after = _braces(rest)
        return _expression(inside, variables, strict), after
    name = re.match(NAME, rest)
    if not name and not strict:
        return "$", rest
    if not name:
        raise InterpolationError(f"a $ before {rest[:10]!r}: write $$ for the character itself")
    return variables.get(name[0], ""), rest[name.end() :]


def _braces(rest: str) -> tuple[str, str]:
    depth = 0
    for index, character in enumerate(rest):
        opens = character == "{" and (index == 0 or rest[index - 1] == "$")
        depth += opens - (character == "}")
        if depth == 0:
            return rest[1:index], rest[index + 1 :]
    raise InterpolationError(f"${rest[:20]} has no closing brace")


def _expression(inside: str, variables: Mapping[str, str], strict: bool) -> str:
    name = re.match(NAME, inside)
    if not name:
        raise InterpolationError(f"${{{inside}}}: not a variable's name")
    if name.end() == len(inside):
        return variables.get(name[0], "")
    rest = inside[name.end() :]
    operator = re.match(OPERATOR, rest)
    if not operator:
        raise InterpolationError(f"${{{inside}}}: expected one of :- - :? ? :+ +")
    if inside.count("${") > NESTED:
        raise InterpolationError(f"${{{name[0]}…}}: more than {NESTED} variables in one another")
    value = variables.get(name[0])
    there = bool(value) if operator[0][0] == ":" else value is not None
    if there and operator[0][-1] != "+":
        return value or ""
    other = interpolate(rest[operator.end() :], variables, strict)
    if operator[0][-1] == "?":
        raise InterpolationError(f"{name[0]} is not set: {other or 'it is required'}")
    return "" if operator[0][-1] == "+" and not there else other
