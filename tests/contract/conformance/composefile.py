"""The compose file as a mapping, with `extends` resolved and the defaults of its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DATABASES = {"postgres": "postgres", "postgis": "postgres", "mysql": "mysql", "mariadb": "mysql"}
CACHES = ("redis", "valkey", "memcached", "mongo")
# $NAME, ${NAME} and ${NAME:?…} have no default; $$ is a dollar.
VARIABLE = re.compile(r"\$\$|\$(?:\{(\w+)(:?[-+?])?|(\w+))")
DEFAULT = re.compile(r"\$\{\w+(?::?-([^${}]*))?\}")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times as fast if it is there
    """YAML with the tags of Compose: `!reset` and `!override` say how files are combined."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


class Unreadable(Exception):
    """A file that is missing or not a YAML mapping. The message has the file, and the line if there is one."""


def read(path: Path) -> dict[str, Any]:
    """A YAML file that must be a mapping. Raises Unreadable."""
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), Loader)  # a SafeLoader
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"{path.name}:{line}: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path.name}: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise Unreadable(f"{path.name}: not a mapping")
    return value


def services(path: Path) -> dict[str, dict[str, Any]]:
    """All services, with `extends` resolved."""
    found = read(path).get("services")
    if not isinstance(found, dict):
        raise Unreadable(f"{path.name} has no services")
    return {name: resolve(path, name) for name in found}


def resolve(path: Path, name: str, depth: int = 0) -> dict[str, Any]:
    """One service, merged with the one that it extends."""
    own = dict((read(path).get("services") or {}).get(name) or {})
    extends = own.pop("extends", None)
    if extends is None or depth > 8:
        return own
    extends = {"service": extends} if isinstance(extends, str) else extends
    base = resolve(path.parent / extends.get("file", path.name), extends.get("service", ""), depth + 1)
    return merge(base, own)


def merge(below: Any, above: Any) -> Any:
    """Mappings are merged key by key, lists joined. Otherwise `above` wins."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        merged = {key: merge(below[key], above[key]) if key in below else above[key] for key in above}
        return {**below, **merged}
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    return above


def with_defaults(text: str) -> str:
    """`${REGISTRY:-docker.io}/postgres` without any variables set."""
    before = ""
    while before != text:
        before, text = text, DEFAULT.sub(lambda match: match[1] or "", text)
    return text


def kind(image: str) -> str:
    """`postgres` or `mysql` for a database, `cache` for a cache, else empty."""
    name = with_defaults(image).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return DATABASES.get(name, "cache" if name in CACHES else "")


def texts(value: Any) -> Iterator[str]:
    """All texts in a value, without keys: Compose fills in variables only in values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def without_default(text: str) -> list[str]:
    """The variables in a text that are empty, or an error, if they are not set."""
    found = VARIABLE.finditer(text)
    return [m[1] or m[3] for m in found if (m[1] and (m[2] or "?").endswith("?")) or m[3]]
