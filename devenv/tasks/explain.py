"""The meaning of an exit code, in the terminal. docs/reference/errors.md has the same text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import USAGE, DevError

LINK = r"\[([^\]]*)\]\([^)]*\)"
TEXT = Path(__file__).resolve().parents[1] / "errors.md"


@task(positional=["code"], help={"code": "the number in `error[CODE]:`"})
def explain(c: Any, code: str) -> None:
    """Print what an error code means, and how to fix its causes."""
    found = sections()
    if code not in found:
        hint = f"known: {', '.join(found)}; any other code comes from a command of the service"
        raise DevError(USAGE, f"{code} is not a code of the tools", hint)
    width = output.columns(sys.stdout)
    for line in fitted(found[code], width) if width else [found[code]]:
        output.data(line)


def fitted(text: str, width: int) -> Iterator[str]:
    """A page's text for a terminal: without Markdown's signs, its paragraphs and list items in lines of this width."""
    for part in re.split(r"(\n)\n|\n(?=- )", re.sub(LINK, r"\1", text).replace("**", "")):
        if part is not None:
            line = " ".join(part.split())
            yield from output.wrapped(line, width, "  " if line.startswith("- ") else "")


def sections() -> dict[str, str]:
    """The text of each code, with its heading."""
    parts = re.split(r"^## (?=\d+:)|^## .*\n", TEXT.read_text(encoding="utf-8"), flags=re.M)
    return {part.partition(":")[0]: part.rstrip("\n") for part in parts if part[:1].isdigit()}
