"""The address of a server: found in a command, and replaced by `{bind}` and `{port}`."""

from __future__ import annotations

import re
from collections.abc import Sequence

# For each server: the options that contain an address, and the words that set it.
SERVERS = {
    "gunicorn": (("-b", "--bind"), ("--bind", "{bind}:{port}")),
    "uvicorn": (("--host", "--port", "--uds", "--fd"), ("--host", "{bind}", "--port", "{port}")),
    "hypercorn": (("-b", "--bind"), ("--bind", "{bind}:{port}")),
    "granian": (("--host", "--port"), ("--host", "{bind}", "--port", "{port}")),
    "daphne": (("-b", "--bind", "-p", "--port"), ("-b", "{bind}", "-p", "{port}")),
    "waitress-serve": (("--listen", "--host", "--port"), ("--listen={bind}:{port}",)),
    "fastapi": (("--host", "--port"), ("--host", "{bind}", "--port", "{port}")),
    "flask": (("-h", "--host", "-p", "--port"), ("--host", "{bind}", "--port", "{port}")),
    "runserver": ((), ("{bind}:{port}",)),
    "runserver_plus": ((), ("{bind}:{port}",)),
    "uwsgi": (("--http", "--http-socket", "--socket"), ("--http", "{bind}:{port}")),
}
FIRST = ("waitress-serve", "uwsgi")  # these do not accept options after their target
ADDRESS = re.compile(
    r"^(?:[\w.*-]*|\[[\da-fA-F:]*\]|\$\{?\w+[^}]*\}?)?:(\d{2,5}|\$\{?\w+[^}]*\}?)$|^(\d{4,5})$|^(\$\{?PORT\b.*)$"
)
PORT = re.compile(r"(?:^|:|=)(?:\$\{\w+:?-)?(\d{2,5})\}?$")


def server_of(words: Sequence[str]) -> str | None:
    """The name of the server that a command runs, with or without `python -m`."""
    for word in words:
        name = word.rpartition("/")[2]
        if name in SERVERS:
            return name
    return None


def placed(words: Sequence[str]) -> str:
    """The command with `{bind}` and `{port}` for its address; for an unknown server only if it is certain."""
    server = server_of(words)
    if server is None:
        return " ".join(_quoted(word) for word in _replaced(words))
    options, given = SERVERS[server]
    kept = list(_without(words, options))
    if server == "runserver" or server == "runserver_plus":
        kept = [word for word in kept if not ADDRESS.match(word)]
    at = next(i for i, word in enumerate(kept) if word.rpartition("/")[2] == server) + 1
    kept = [*kept[:at], *given, *kept[at:]] if server in FIRST else [*kept, *given]
    return " ".join(_quoted(word) for word in kept)


def _replaced(words: Sequence[str]) -> list[str]:
    """Replace options named host and port, and addresses with both, of an unknown program."""
    found = []
    for before, word in zip(("", *words), words):
        name, equals, _ = word.partition("=")
        known = {"--host": "{bind}", "--bind": "{bind}", "--port": "{port}"}
        if before in known and not before.startswith(word):
            word = known[before] if not ADDRESS.match(word) or before == "--port" else "{bind}:{port}"
        elif equals and name in known:
            word = f"{name}={known[name]}"
        elif re.fullmatch(r"(0\.0\.0\.0|127\.0\.0\.1|localhost):\d+", word):
            word = "{bind}:{port}"
        found.append(word)
    return found


def _quoted(word: str) -> str:
    """Quoted for a shell, except for our braces."""
    return word if re.fullmatch(r"[\w@%+=:,./{}$*\[\]-]+", word) else "'" + word.replace("'", "'\"'\"'") + "'"


def _without(words: Sequence[str], options: Sequence[str]) -> list[str]:
    kept, skip = [], False
    for word in words:
        name = word.partition("=")[0]
        if skip:
            skip = False
        elif name in options:
            skip = "=" not in word
        elif not (len(word) > 2 and word[:2] in options and word[2].isdigit()):  # -b0.0.0.0:80
            kept.append(word)
    return kept


def port_of(words: Sequence[str]) -> str | None:
    """The port in a server's command, or the default of `$PORT` in it."""
    server = server_of(words)
    options = SERVERS[server][0] if server else ("-p", "--port")
    for before, word in zip(("", *words), words):
        name, _, value = word.partition("=")
        held = value if name in options and value else word if before in options else ""
        match = PORT.search(held) or (ADDRESS.match(word) and server and PORT.search(word))
        if match:
            return match[1]
    return None
