"""An environment variable that code reads."""

from __future__ import annotations

from dataclasses import dataclass

from tools.adopt.read.text.files import Files

NEAR = 300  # characters before and after, at most


@dataclass(frozen=True)
class Variable:
    """`default`: as text, if it is a literal. `required`: the code fails without it. `near`: the lines around.

    `only_with`: the variable without which the code does not read this one: `if os.environ.get("SMTP"):`.
    """

    name: str
    where: str
    default: str | None = None
    required: bool = False
    near: str = ""
    only_with: str = ""


def around(files: Files, name: str, start: int, end: int) -> str:
    """The lines of a part of a file, with the line before and the line after."""
    text = files.text(name)
    first = text.rfind("\n", 0, max(text.rfind("\n", 0, start), 0)) + 1
    last = text.find("\n", text.find("\n", end) + 1)
    return text[max(first, start - NEAR) : min(last if last > 0 else len(text), end + NEAR)]
