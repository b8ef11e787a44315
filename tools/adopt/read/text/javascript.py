"""JavaScript and TypeScript as code, apart from comments and texts: Pygments' lexers know where each begins."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """`text`: as in the file, with spaces for comments, so that each position is the file's.

    `texts`: the start and the end of each literal text, in order. What `${…}` holds is code.
    """

    text: str
    texts: tuple[tuple[int, int], ...]

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """The matches that begin in code."""
        starts = [start for start, _ in self.texts]
        for match in pattern.finditer(self.text):
            at = bisect(starts, match.start()) - 1
            if at < 0 or match.start() >= self.texts[at][1]:
                yield match


def enclosed(text: str, start: int, brackets: str = "()", ends: str = "") -> str:
    """The text up to the bracket that closes what is open at `start`, or up to one of `ends` between no brackets.

    `brackets`: the pairs that count, `()[]`.
    """
    steps = {sign: 1 - 2 * (number % 2) for number, sign in enumerate(brackets)}
    depth = 0
    for at in range(start, len(text)):
        depth += steps.get(text[at], 0)
        if depth < 0 or (depth == 0 and text[at] in ends):
            return text[start:at]
    return text[start:]


def code(text: str, name: str) -> Code:
    """`name`: the file's, whose suffix says which language it is."""
    # Imported here: the environment of template.check and template.update is without it, and they read no code.
    from pygments.lexers.javascript import JavascriptLexer, TypeScriptLexer
    from pygments.token import Comment, String

    code_too = (String.Interpol, String.Regex)
    lexer = (TypeScriptLexer if name.endswith("ts") else JavascriptLexer)(ensurenl=False, stripnl=False)
    parts, texts = [], []
    for at, kind, value in lexer.get_tokens_unprocessed(text):
        if kind in Comment:
            value = re.sub(r"[^\n]", " ", value)
        elif kind is String.Backtick or (kind in String and kind not in code_too and "\n" not in value):
            # In one line: the apostrophe of `<p>Don't</p>` begins no text, and the lexer reads on.
            texts.append((at, at + len(value)))
        parts.append(value)
    return Code("".join(parts), tuple(texts))
