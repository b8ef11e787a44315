"""The scenarios of dev.yaml: named data sets, and the commands that make them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from devenv.base.errors import CONFIG, USAGE, DevError, did_you_mean
from devenv.model import commands, document

UP = "up"  # in `after`: not a scenario, but all services healthy
PLACEHOLDER = r"\{([a-z][a-z0-9_]*)\}"


class Scenario(NamedTuple):
    """A named data set: the command that makes it, and its parameters with their defaults."""

    name: str
    command: tuple[str, ...]
    params: Mapping[str, str]
    help: str
    once: bool = False  # the command cannot run twice on the same data
    up: bool = False  # it runs when all is healthy, not before the app starts
    after: tuple[str, ...] = ()  # the scenarios whose rows it builds on
    check: tuple[str, ...] = ()  # exit 0: the data is there; empty: the command's exit code decides

    def argv(self, given: Mapping[str, str]) -> list[str]:
        """The command with the parameters filled in, each within one argument. DevError 2 for unknown ones."""
        for name in given:
            if name not in self.params:
                hint = did_you_mean(name, list(self.params))
                raise DevError(USAGE, f"scenario {self.name} has no parameter {name}", hint)
        return self._filled(self.command, given)

    def check_argv(self, given: Mapping[str, str]) -> list[str]:
        """The check with the parameters filled in; empty if there is none."""
        return self._filled(self.check, given)

    def label(self, given: Mapping[str, str]) -> str:
        """The id of one data set of this scenario: its name, and parameters other than the defaults."""
        return " ".join([self.name, *(f"{k}={v}" for k, v in sorted(given.items()) if self.params[k] != v)])

    def _filled(self, command: tuple[str, ...], given: Mapping[str, str]) -> list[str]:
        return [_fill(word, {**self.params, **given}) for word in command]


def read(source: document.Document, name: str) -> Scenario:
    """A scenario of dev.yaml. DevError 111 if a command cannot be split or uses an unknown parameter."""
    data = source.data["scenarios"][name]
    params = source.texts(("scenarios", name, "params"), data.get("params", {}))
    given = {key: commands.split(source, ("scenarios", name, key)) for key in ("run", "check") if key in data}
    for key, command in given.items():
        for word in command:
            _check_placeholders(source, ("scenarios", name, key), word, params)
    after = _after(source, name)
    return Scenario(
        name,
        given["run"],
        params,
        help=data.get("help", ""),
        once=data.get("once", False),
        up=UP in after,
        after=tuple(word for word in after if word != UP),
        check=given.get("check", ()),
    )


def chain(scenarios: Mapping[str, Scenario], name: str) -> list[Scenario]:
    """The scenarios to run for a scenario, in order: those that it builds on, then itself."""
    found: dict[str, Scenario] = {}
    todo = [(name, False)]
    while todo:  # not recursive, and each scenario once: a long chain or many diamonds end soon
        at, done = todo.pop()
        if done:
            found[at] = scenarios[at]
        elif at not in found:
            todo += [(at, True), *((base, False) for base in reversed(scenarios[at].after))]
    return list(found.values())


def _after(source: document.Document, name: str) -> list[str]:
    """`after` as a list. DevError 111 for an unknown scenario, or one that builds on this one."""
    declared = source.data["scenarios"]
    after = _listed(declared[name])
    for word in after:
        keys = ("scenarios", name, "after")
        if word != UP and word not in declared:
            hint = did_you_mean(word, [UP, *declared])
            raise source.error(keys, f"scenarios.{name}.after: unknown scenario {word}", hint)
        if name in _below(declared, word):
            raise source.error(keys, f"scenarios.{name}.after: {word} builds on {name} itself", "remove one of the two")
    return after


def _listed(data: Mapping[str, Any]) -> list[str]:
    after = data.get("after", [])
    return [after] if isinstance(after, str) else list(after)


def _below(declared: Mapping[str, Any], name: str) -> set[str]:
    """A scenario and all declared ones that it builds on."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        at = todo.pop()
        if at in declared and at not in seen:
            seen.add(at)
            todo += _listed(declared[at])
    return seen


def _check_placeholders(source: document.Document, keys: tuple[Any, ...], word: str, params: Mapping[str, str]) -> None:
    try:
        _fill(word, params)
    except DevError as error:
        raise source.error(keys, error.message, *error.hints) from None


def _fill(word: str, values: Mapping[str, str]) -> str:
    """Fill parameters into one argument. Other braces, such as those of JSON, are unchanged."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            hint = did_you_mean(match[1], list(values))
            raise DevError(CONFIG, f"{match[0]} is not a parameter of this scenario", hint)
        return values[match[1]]

    return re.sub(PLACEHOLDER, value, word)
