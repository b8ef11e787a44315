"""The meaning of an exit code, in the terminal. docs/reference/errors.md has the same text."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import Any

from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import USAGE, DevError

TEXT = Path(__file__).resolve().parents[1] / "errors.md"


@task(positional=["code"], help={"code": "the number in `error[CODE]:`"})
def explain(c: Any, code: str) -> None:
    """Print what an error code means, and how to fix its causes."""
    found = sections()
    if code not in found:
        hint = f"known: {', '.join(found)}; any other code comes from a command of the service"
        raise DevError(USAGE, f"{code} is not a code of the tools", hint)
    width = output.columns(sys.stdout)
    output.data(wrapped(found[code], width) if width else found[code])


def wrapped(text: str, width: int) -> str:
    """Paragraphs and list items in lines of this width: they are wrapped for a page, not for the terminal."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\n|\n(?=- )", text)]
    lines = [
        textwrap.fill(part, width, subsequent_indent="  " * part.startswith("- "), break_on_hyphens=False)
        for part in parts
    ]
    joints = [match.group() for match in re.finditer(r"\n\n|\n(?=- )", text)]
    return "".join(line + joint for line, joint in zip(lines, [*joints, ""]))


def sections() -> dict[str, str]:
    """The text of each code, with its heading."""
    parts = re.split(r"^## (?=\d+:)|^## .*\n", TEXT.read_text(encoding="utf-8"), flags=re.M)
    return {part.partition(":")[0]: part.rstrip("\n") for part in parts if part[:1].isdigit()}
