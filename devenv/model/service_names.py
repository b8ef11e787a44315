"""Names that no service may have, since YAML, DNS or Compose take them for something else.

The pattern of a name is in the schemas. `hooks/pre_gen_project.py`, which runs without this package, has the same list.
"""

from __future__ import annotations

from collections.abc import Iterable

from devenv.base.errors import DevError
from devenv.model.document import Document

MEANINGS = {
    "means something else in YAML": "false n no null off on true y yes",
    "is the name of this machine": "localhost",
    "is the name of a server or a network inside each service": "app cache db default worker workspace",
    "would set PUBLIC_URL, which is the address of each service itself": "public",
}
RESERVED = {name: meaning for meaning, names in MEANINGS.items() for name in names.split()}


def check(source: Document) -> None:
    """DevError 111 with file and line if the service of a dev.yaml, or one that it requires, has such a name."""
    named: dict[tuple[str, ...], str] = {("service",): source.data.get("service", "")}
    named.update({("requires", name): name for name in source.data.get("requires") or ()})
    for keys, name in named.items():
        if name in RESERVED:
            raise _error(source, keys, name, RESERVED[name])


def check_beside(source: Document, others: Iterable[str]) -> None:
    """The same if one of the `others` in the compose file, which are not the app, has the service's name."""
    if source.data["service"] in others:
        raise _error(source, ("service",), source.data["service"], "is also the name of a server in the compose file")


def _error(source: Document, keys: tuple[str, ...], name: str, meaning: str) -> DevError:
    return source.error(keys, f"{keys[0]}: the name {name} {meaning}", f"choose another name, such as {name}-service")
