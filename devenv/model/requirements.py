"""`requires:` of a dev.yaml, ours or another repository's, and the content of dev.lock.

Another repository may be at another version of the template. So we only read the parts of its dev.yaml that belong to
the protocol between repositories, and ignore unknown keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from devenv.model import document, json_schema, service_names
from devenv.model.config import CONTRACT
from devenv.model.resolver import Ask

PASSWORD = r"https?://[^/@]*@|[a-z+]+://[^/@:]*:[^/@]*@"
SCHEMA = Path(__file__).with_name("required.schema.json")


class Wiring(NamedTuple):
    """A scenario that runs in a required service for the one that requires it."""

    scenario: str
    params: Mapping[str, str]


class Requirement(NamedTuple):
    """One entry of `requires:`."""

    ask: Ask
    wirings: tuple[Wiring, ...]
    env: Mapping[str, str]  # the requiring service's variables, with {scenario.key} for an output of a wiring


def of_required(source: document.Document) -> dict[str, Requirement]:
    """`of` for a required repository, which no task of it has checked yet: its names, after their types."""
    found = of(source)
    service_names.check(source)
    return found


def of(source: document.Document) -> dict[str, Requirement]:
    """What a repository requires, by name. DevError 111 with file and line if it is not such a mapping."""
    json_schema.check(source, json_schema.read(SCHEMA))
    requires = source.data.get("requires") or {}
    return {name: _requirement(source, name, value) for name, value in requires.items()}


def check_contract(source: document.Document) -> None:
    """DevError 111 if the repository's contract has an unknown major version."""
    version = str(source.data.get("contract", "")) if isinstance(source.data, dict) else ""
    if version.split(".")[0] != CONTRACT:
        hint = f"this .dev/ knows contract {CONTRACT}.x: `inv template.update`, or require an older version of it"
        raise source.error(("contract",), f"contract {version or '(missing)'} is not supported", hint)


def _requirement(source: document.Document, name: str, value: Mapping[str, Any]) -> Requirement:
    keys = ("requires", name)
    if re.match(PASSWORD, value["repo"]):
        message = f"requires.{name}.repo: it holds a password or a token, which would be copied to other files"
        raise source.error((*keys, "repo"), message, "remove it; git asks its helper: git config credential.helper")
    where = f"{source.path.name}:{source.line(*keys)}"
    ask = Ask(name, value["repo"], value["version"], str(source.data.get("service", "?")), where)
    items = value.get("scenarios") or []
    wirings = tuple(_wiring(source, item, (*keys, "scenarios", index)) for index, item in enumerate(items))
    _check_wirings(source, wirings, (*keys, "scenarios"))
    return Requirement(ask, wirings, source.texts((*keys, "env"), value.get("env") or {}))


def _wiring(source: document.Document, item: Any, keys: tuple[Any, ...]) -> Wiring:
    """`- oauth-client: {client_id: catalog}`, or just `- oauth-client`."""
    if isinstance(item, str):
        return Wiring(item, {})
    if len(item) != 1:
        raise source.error(keys, "scenarios: each must be one name, or NAME: {parameter: value}")
    ((name, params),) = item.items()
    return Wiring(name, source.texts((*keys, name), params or {}))


def _check_wirings(source: document.Document, wirings: Sequence[Wiring], keys: tuple[Any, ...]) -> None:
    """DevError 111 for parameters that the protocol cannot carry, and for a scenario that is listed twice."""
    for index, wiring in enumerate(wirings):
        if wiring.scenario in (earlier.scenario for earlier in wirings[:index]):
            message = f"scenarios: {wiring.scenario} is listed twice, but runs once for each consumer"
            raise source.error((*keys, index), message, "use one scenario of the provider that does both")
        for word in (wiring.scenario, *wiring.params, *wiring.params.values()):
            if "\n" in word:
                message = f"scenarios: {word!r} cannot be passed through make: it has a line break"
                raise source.error((*keys, index), message, "write it on one line; the scenario may split it")
