"""Texts of other programs and repositories, made fit for a terminal."""

from __future__ import annotations

import re

# ECMA-48: CSI, OSC and other strings (to their end, or else to the end of the line), others.
ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])"
COLOUR = r"(\x1b\[[0-9;]*m)"
CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
# Characters that let text look like another text: they turn the direction of writing, or end a line.
TURNS = "[\u2028\u2029\u202a-\u202e\u2066-\u2069]"
# A password or token in an address.
LOGIN = r"(\b[a-z][a-z+]*://)(?:[^@/\s:]*:[^@/\s]*@|(?<=http://)[^@/\s]+@|(?<=https://)[^@/\s]+@)"


def plain(text: str) -> str:
    """A text without escape codes."""
    return re.sub(ESCAPES, "", text)


def clean(text: str) -> str:
    """A text that does nothing to a terminal but to appear: tabs and line ends are all that is left of controls."""
    return re.sub(TURNS, "", re.sub(CONTROLS, "", plain(text)))


def masked(text: str) -> str:
    """A text without the passwords in its addresses."""
    return re.sub(LOGIN, r"\1***@", text)


def coloured(text: str) -> str:
    """`clean`, but with its colours."""
    return "".join(part if re.fullmatch(COLOUR, part) else clean(part) for part in re.split(COLOUR, text))


def visible(line: str) -> str:
    """A line of another program as a terminal would show it at the end: of a line that was overwritten, the last."""
    return clean(plain(line).rstrip().rpartition("\r")[2]).expandtabs()
