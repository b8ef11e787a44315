"""The form of a command in each file."""

from __future__ import annotations

import json
import re
import shlex

from tools.adopt.fill import lines

# Syntax that needs a shell. Quoted characters count too: then there is a shell, and nothing breaks.
SHELL = re.compile(r"[$`;&|<>]|^\w+=")
SEVERAL = re.compile(r"[;&|]|^\w+=")  # exec would only run the first part


def with_address(command: str, bind: str, port: str) -> str:
    """The command with its address filled in. Other braces stay."""
    return command.replace("{bind}", bind).replace("{port}", port)


def in_compose(command: str, port: str) -> str:
    """The value of `command:` in a compose file; `port`: the declared one."""
    text = lines.compose(_in_shell(command))
    return lines.scalar(with_address(text, "${BIND:-0.0.0.0}", f"${{PORT:-{port}}}"))


def in_dev(command: str) -> str:
    """The value of a command in dev.yaml, where no shell runs unless the command is one."""
    return lines.scalar(_in_shell(command))


def in_image(command: str) -> str:
    """The CMD of an image. The shell fills in PORT; with exec, the server replaces it and gets the signals."""
    if "{port}" in command or SHELL.search(command):
        start = "" if SEVERAL.search(command) else "exec "
        return json.dumps(["sh", "-c", start + with_address(command, "0.0.0.0", "$PORT")], ensure_ascii=False)
    return json.dumps(shlex.split(with_address(command, "0.0.0.0", "")), ensure_ascii=False)


def _in_shell(command: str) -> str:
    words = command.split()[:2]
    return f"sh -c {shlex.quote(command)}" if SHELL.search(command) and words != ["sh", "-c"] else command
