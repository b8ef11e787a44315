"""Lines of YAML with their comments: how a value that was found, and one that was not, stand in a file."""

from __future__ import annotations

import json
import re

import yaml

from tools.adopt.found import Found

MARK = "FILL IN"
PLAIN = re.compile(r"[A-Za-z0-9_./@$-][^#\t\r\n]*")


def scalar(text: str) -> str:
    """A text as YAML: bare where a reader of YAML takes it for this same text, else in double quotes."""
    if PLAIN.fullmatch(text) and not re.search(r":(\s|$)|\s$", text) and _reads_as(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _reads_as(text: str) -> bool:
    try:
        return bool(yaml.safe_load(f"- {text}") == [text])
    except yaml.YAMLError:
        return False


def item(text: str) -> str:
    """A text inside `[…]` or `{…}`, where commas and brackets mean something."""
    return scalar(text) if re.fullmatch(r"[\w./-]+", text) else json.dumps(text, ensure_ascii=False)


def compose(text: str) -> str:
    """A found text for the compose file, where a `$` of its own is doubled."""
    return text.replace("$", "$$")


def noted(line: str, *notes: str | Found | None) -> str:
    """The line with a comment: where its value was found, or a remark."""
    texts = [note.where if isinstance(note, Found) else note for note in notes if note]
    return f"{line} # {'; '.join(dict.fromkeys(texts))}" if texts else line


def open_point(what: str, example: str) -> list[str]:
    """Two lines: what is missing, and the line to fill in, as a comment. points.py reads them back."""
    return [f"# {MARK}: {what}", f"# {example}"]


def block(lines: list[str], indent: int) -> str:
    """Lines as a piece of a file, each with its line end; nothing for no lines."""
    return "".join(" " * indent + line + "\n" for line in lines)
