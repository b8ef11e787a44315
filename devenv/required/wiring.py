"""Wiring: the addresses and outputs of wiring scenarios that become the requiring service's environment.

A wiring is a scenario of the provider. It runs for one consumer once the provider has its data, and again whenever that
data was recreated. It is never part of a stored state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from devenv.base import records
from devenv.base.errors import CONFIG, DevError
from devenv.model import fingerprint
from devenv.model.requirements import Requirement, Wiring

PLACEHOLDER = r"\{([a-z][a-z0-9-]*)\.([A-Za-z0-9_]+)\}"
Seed = Callable[[Wiring], Mapping[str, Any]]  # runs a scenario in the provider and returns what it printed


def wire(consumer: records.Record, url: str, need: Requirement, generation: str, seed: Seed) -> bool:
    """Run the scenarios of one requirement if due, and put their outputs into the consumer's record; True if due."""
    wirings = [Wiring(w.scenario, {k: v.replace("{url}", url) for k, v in w.params.items()}) for w in need.wirings]
    due = fingerprint.of_text(generation, repr(wirings))
    known = consumer.wired.get(need.ask.name, {})
    if not wirings or known.get("due") == due:
        return False
    outputs = {wiring.scenario: dict(seed(wiring)) for wiring in wirings}
    consumer.wired = {**consumer.wired, need.ask.name: {"due": due, "outputs": outputs}}
    return True


def variables(
    consumer: records.Record, needs: Mapping[str, Requirement], urls: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """A consumer's environment: `LMS_URL` (for browsers too), `LMS_INTERNAL_URL`, and the variables of `env:`."""
    result: dict[str, str] = {}
    for name, need in sorted(needs.items()):
        prefix = name.upper().replace("-", "_")
        result[f"{prefix}_URL"], result[f"{prefix}_INTERNAL_URL"] = urls[name]
        outputs = consumer.wired.get(name, {}).get("outputs", {})
        result.update({key: _fill(need, text, outputs) for key, text in need.env.items()})
    return result


def write(workspace: str, service: str, values: Mapping[str, str]) -> bool:
    """Write the environment to a file that only this user can read, since it has secrets. True if it changed."""
    target = records.path(workspace, service, "env")
    target.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}={_quote(value)}\n" for name, value in sorted(values.items()))
    if target.is_file() and target.read_bytes() == text.encode():
        return False
    records.replace_file(target, text)
    return True


def _quote(value: str) -> str:
    """Quote a value. In double quotes, since a value in single quotes cannot end with a backslash; $ is escaped."""
    escapes = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"}
    return '"' + "".join(escapes.get(character, character) for character in value) + '"'


def _fill(need: Requirement, text: str, outputs: Mapping[str, Mapping[str, Any]]) -> str:
    def value(match: re.Match[str]) -> str:
        try:
            found = outputs[match[1]][match[2]]
            return found if isinstance(found, str) else json.dumps(found)  # true, and not True
        except KeyError:
            known = ", ".join(f"{s}.{key}" for s, printed in outputs.items() for key in printed) or "nothing"
            message = f"{need.ask.where}: {need.ask.name} printed nothing named {match[1]}.{match[2]}"
            raise DevError(CONFIG, message, f"it printed: {known}") from None

    return re.sub(PLACEHOLDER, value, text)
