"""Lines and scripts of a shell as simple commands: loops, conditions, `case` and functions are looked through."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

PUNCTUATION = ";&|<>()"
# Words before a command, and words that end something: the command is what stands after them.
OPENS = {"while", "until", "do", "then", "else", "elif", "if", "!", "{", "time", "exec", "nohup"}
HEADS = {"for", "case", "select", "function"}  # their line is no command
# Commands that prepare or wait; the program of a line or a script is another one.
HELPERS = {
    *(
        "sleep",
        "true",
        "false",
        ":",
        "echo",
        "printf",
        "cd",
        "export",
        "set",
        "unset",
        "wait",
        "exit",
        "return",
        "trap",
    ),
    *("source", ".", "test", "[", "[[", "break", "continue", "shift", "local", "read", "date", "umask", "ulimit"),
    *("mkdir", "chown", "chmod", "touch", "rm", "cp", "mv", "ln", "cat", "done", "fi", "esac", "}", "kill", "nc"),
}
# Wrappers that start the command after them, and how many words belong to them.
WRAPPERS = {
    "tini": 1,
    "dumb-init": 1,
    "gosu": 2,
    "su-exec": 2,
    "ddtrace-run": 1,
    "newrelic-admin": 2,
    "opentelemetry-instrument": 1,
}
UNTIL_DASHES = (
    "watchmedo",
    "wait-for-it",
    "wait-for-it.sh",
    "wait-for",
    "dockerize",
    "doppler",
    "tini",
    "dumb-init",
    "infisical",
)
SHELLS = re.compile(r"(/usr)?(/bin/)?(ba|da|a|z)?sh")
NEEDS_SHELL = re.compile(r"[`]|\$\(")
CASE = re.compile(r"""\bcase\s+["']?\$\{?(?:1|@|\w+)[^\s]*\s+in\b(?P<arms>.*?)\besac\b""", re.DOTALL)
ARM = re.compile(r"""(?:^|\n|;;)[ \t]*\(?[ \t]*(?P<names>["'\w*.:|\- \t]+?)[ \t]*\)(?P<body>.*?)(?=;;|\Z)""", re.DOTALL)
FUNCTION = re.compile(
    r"^[ \t]*(?:function[ \t]+)?(?P<name>[\w-]+)[ \t]*\(\)[ \t\n]*\{(?P<body>.*?)^[ \t]*\}", re.DOTALL | re.M
)


@dataclass(frozen=True)
class Simple:
    """One simple command; `plain`: it needs no shell, neither a pipe nor a substitution."""

    words: tuple[str, ...]
    plain: bool

    @property
    def helper(self) -> bool:
        return self.words[0].rpartition("/")[2] in HELPERS


def simple(text: str) -> list[Simple]:
    """The simple commands of a text in their order, without keywords; none if a quote is not closed."""
    lines = [line for line in text.replace("\\\n", " ").split("\n") if not line.lstrip().startswith("#")]
    lexer = shlex.shlex(" ; ".join(lines), posix=True, punctuation_chars=PUNCTUATION)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        tokens = list(lexer)
    except ValueError:
        return []
    return [found for words, piped in _parts(tokens) if (found := _simple(words, piped))]


def _parts(tokens: list[str]) -> Iterator[tuple[list[str], bool]]:
    words: list[str] = []
    piped = False
    for token in tokens:
        if token and all(character in PUNCTUATION for character in token):
            if set(token) & {"<", ">"} or token in ("(", ")", "()"):
                words.append(token)  # a redirection, or a part of `$( )`
                continue
            yield words, piped or token == "|"
            words, piped = [], token == "|"
        else:
            words.append(token)
    yield words, piped


def _simple(words: list[str], piped: bool) -> Simple | None:
    while words and words[0] in OPENS:
        words = words[1:]
    if not words or words[0] in HEADS or words[0] in ("(", ")"):
        return None
    shell = piped or any(NEEDS_SHELL.search(word) or set(word) <= set(PUNCTUATION) for word in words if word)
    words = [word for word in words if word not in ("$@", "$*", "${@}", "${@:2}", "${@:1}")]
    return Simple(tuple(words), not shell) if words else None


def program(text: str) -> Simple | None:
    """The command that a line or a script is for: the last one that does more than to prepare or to wait."""
    found = [each for each in simple(text) if not each.helper]
    return found[-1] if found else None


def split(line: str) -> list[str] | None:
    """The words of a line's program, without wrappers such as `exec`; None if it needs a shell, or is none."""
    found = program(line)
    if found is None or not found.plain:
        return None
    words = list(found.words)
    if len(words) >= 3 and SHELLS.fullmatch(words[0]) and re.fullmatch(r"-\w*c", words[1]):
        return split(words[2]) if words[2] != line else None
    words = unwrapped(words)
    if len(words) >= 3 and SHELLS.fullmatch(words[0]) and re.fullmatch(r"-\w*c", words[1]):
        return split(words[2])
    # The program's path differs between images.
    words[:1] = [re.sub(r"^((/[\w.-]+)*|(\./)?\.?v?env)/bin/", "", word) for word in words[:1]]
    assigned = next((i for i, word in enumerate(words) if not re.match(r"[A-Za-z_]\w*=", word)), len(words))
    return (["env", *words] if assigned else words) or None


def unwrapped(words: list[str]) -> list[str]:
    """A command without the programs that only start it: `tini --`, `gosu app`, `poetry run`, `dockerize … --`."""
    for _ in range(5):
        name = words[0].rpartition("/")[2] if words else ""
        if name in UNTIL_DASHES and "--" in words:
            words = words[words.index("--") + 1 :]
        elif name in WRAPPERS:
            words = words[WRAPPERS[name] :]
        elif name in ("uv", "poetry", "pipenv") and "run" in words:
            words = words[words.index("run") + 1 :]
            words = words[next((i for i, word in enumerate(words) if not word.startswith("-")), len(words)) :]
        elif name == "exec":
            words = words[1:]
        elif name == "watchfiles":
            words = _watched(words[1:])
        else:
            break
    return words


def _watched(words: list[str]) -> list[str]:
    """The command that `watchfiles` restarts: a line in one word, or a function with `--args`: Celery's is known."""
    options = {"--filter", "--ignore-paths", "--target-type", "--sigint-timeout", "--sigkill-timeout", "--args"}
    plain = [
        word for i, word in enumerate(words) if not word.startswith("--") and (i == 0 or words[i - 1] not in options)
    ]
    given = next((word for i, word in enumerate(words) if i and words[i - 1] == "--args"), "")
    line = plain[0] if plain else ""
    try:
        return shlex.split(f"celery {given}" if line == "celery.__main__.main" else line)
    except ValueError:
        return []


def arms(script: str) -> dict[str, str]:
    """The arms of a script's `case` on its arguments: by each name, the commands; those of a function it calls."""
    functions = {match["name"]: match["body"] for match in FUNCTION.finditer(script)}
    found: dict[str, str] = {}
    for match in CASE.finditer(script):
        for arm in ARM.finditer(match["arms"]):
            body = arm["body"]
            called = program(body)
            body = functions.get(called.words[0], body) if called else body
            for name in arm["names"].split("|"):
                found.setdefault(name.strip(" \t\"'"), body)
    return found
