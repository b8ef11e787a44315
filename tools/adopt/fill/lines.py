"""Lines of YAML with comments, for values that were found and for open points."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from tools.adopt.found import Found, Open

MARK = "FILL IN"
PLAIN = re.compile(r"[A-Za-z0-9_./@$-][^#\t\r\n]*")
NAME = re.compile(r"[A-Za-z_]\w*")  # of a variable


def scalar(text: str) -> str:
    """A text as YAML: plain if YAML reads it as the same text, else in double quotes."""
    if PLAIN.fullmatch(text) and not re.search(r":(\s|$)|\s$", text) and _reads_as(text):
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """A text in double quotes, as YAML and JSON read it; invisible characters (NEL, a byte order mark) are escaped."""
    unseen = (c for c in set(text) if " " <= c < "\U00010000" and not c.isprintable())
    return json.dumps(text, ensure_ascii=False).translate({ord(c): json.dumps(c)[1:-1] for c in unseen})


def comment(text: str) -> str:
    """A text for a comment, on one line: even the name of a file may contain a line break."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _reads_as(text: str) -> bool:
    try:
        return bool(yaml.safe_load(f"- {text}") == [text])
    except yaml.YAMLError:
        return False


def item(text: str) -> str:
    """A text inside `[…]` or `{…}`, where commas and brackets have a meaning."""
    return scalar(text) if re.fullmatch(r"[\w./-]+", text) else quoted(text)


def compose(text: str) -> str:
    """A found text for the compose file, in which each `$` is doubled."""
    return text.replace("$", "$$")


def noted(line: str, *notes: str | Found | None) -> str:
    """The line with a comment: where its value was found, or a remark."""
    texts = [note.where if isinstance(note, Found) else note for note in notes if note]
    return f"{line} # {comment('; '.join(dict.fromkeys(texts)))}" if texts else line


def open_point(what: str, example: str) -> list[str]:
    """Two lines: what is missing, and the line to fill in, as a comment. points.py reads them back."""
    return [f"# {MARK}: {comment(what)}", f"# {comment(example)}"]


def open_points(found: Iterable[Open]) -> list[str]:
    """The points for findings: one of each kind of sentence, with the places, and the lines to write below it."""
    text: list[str] = []
    for each in found:
        first, *more = each.example.split("\n")
        text += [*open_point(f"{each.what.value} ({each.what.where})", first), *(f"# {comment(line)}" for line in more)]
    return text


def block(lines: list[str], indent: int) -> str:
    """Lines as a piece of a file, each with its line end; nothing for no lines."""
    return "".join((" " * indent + line).rstrip() + "\n" for line in lines)
