"""Variables in compose files, all forms: $V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} ${V:+r} ${V+r}, nested, $$.

Source: https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md. A test compares the result
with `docker compose config`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
OPERATOR = re.compile(r":?[-?+]")


class InterpolationError(ValueError):
    """A variable that must be set and is not, or a `$` that stands for nothing."""


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Replace the variables in one value. A variable that is not set becomes empty text."""
    result, rest = [], text
    while "$" in rest:
        before, _, rest = rest.partition("$")
        value, rest = _variable(rest, variables)
        result += [before, value]
    return "".join([*result, rest])


def _variable(rest: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """The value of what follows a `$`, and the text after it."""
    if rest.startswith("$"):
        return "$", rest[1:]
    if rest.startswith("{"):
        inside, after = _braces(rest)
        return _expression(inside, variables), after
    name = NAME.match(rest)
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


def _expression(inside: str, variables: Mapping[str, str]) -> str:
    name = NAME.match(inside)
    if not name:
        raise InterpolationError(f"${{{inside}}}: not a variable's name")
    if name.end() == len(inside):
        return variables.get(name[0], "")
    operator = OPERATOR.match(inside, name.end())
    if not operator:
        raise InterpolationError(f"${{{inside}}}: expected one of :- - :? ? :+ +")
    return _operate(name[0], operator[0], inside[operator.end() :], variables)


def _operate(name: str, operator: str, operand: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name)
    there = bool(value) if operator[0] == ":" else value is not None
    if operator[-1] == "+":
        return interpolate(operand, variables) if there else ""
    if there:
        return value or ""
    if operator[-1] == "?":
        raise InterpolationError(f"{name} is not set: {interpolate(operand, variables) or 'it is required'}")
    return interpolate(operand, variables)
