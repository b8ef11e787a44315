"""Commands of dev.yaml and compose.yaml as lists of words. No shell runs them.

So what needs a shell is refused. Compose silently drops all that is after `&&` or `>`, and in dev.yaml `&&` would be an
argument of the program before it. Source: https://github.com/mattn/go-shellwords, by which Compose splits.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from devenv.model import document

QUOTED = r"""(?s)\\.|'[^']*'|"(?:\\.|[^"\\])*\""""
IN_COMPOSE = r"[;&|<>()`]+"  # anywhere in a word
IN_DEV_YAML = r"(?<!\S)(?:[;&|<>]|\d>)\S*|;(?!\S)"  # not in a word, as in `pip install fastapi>=0.1`


def split(source: document.Document, keys: tuple[Any, ...]) -> tuple[str, ...]:
    """The words of a command of dev.yaml. DevError 111 with the line."""
    text = source.data
    for key in keys:
        text = text[key]
    _check_shell(text, IN_DEV_YAML, source, keys, text)
    return _words(text, source, keys)


def split_as_compose(text: str, source: document.Document, keys: tuple[Any, ...]) -> tuple[str, ...]:
    """The words of a command of compose.yaml, after interpolation. DevError 111 with the line."""

    def unescaped(quoted: re.Match[str]) -> str:
        """Unlike in a shell, a backslash in double quotes is always removed."""
        return re.sub(r'\\([^"\\])', r"\1", quoted[0]) if quoted[0][0] == '"' else quoted[0]

    _check_shell(text, IN_COMPOSE, source, keys, text.replace("$", "$$"))
    return _words(re.sub(QUOTED, unescaped, text), source, keys)


def _words(text: str, source: document.Document, keys: tuple[Any, ...]) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise source.error(keys, f"{'.'.join(keys)}: {error}", "close the quote") from None


def _check_shell(text: str, operators: str, source: document.Document, keys: tuple[Any, ...], written: str) -> None:
    """DevError 111 if a part that is not in quotes is for a shell. The hint is the same command, `written`, in one."""
    found = re.search(operators, re.sub(QUOTED, lambda quoted: "_" * len(quoted[0]), text))
    if found:
        message = f"{'.'.join(keys)}: {found[0]} needs a shell, and none runs this"
        in_shell = f"{keys[-1]}: {document.scalar(f'sh -c {shlex.quote(written)}')}"
        raise source.error(keys, message, in_shell, "or, if it is part of an argument, put that in quotes")
