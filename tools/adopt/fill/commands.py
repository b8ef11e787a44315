"""The commands that start the application, and the form that a command takes in each file."""

from __future__ import annotations

import json
import re
import shlex

from tools.adopt.fill import lines
from tools.adopt.found import Application, Found, Reading

# What only a shell can do. Quoted characters count too: that costs a shell and breaks nothing.
SHELL = re.compile(r"[$`;&|<>]|^\w+=")
SEVERAL = re.compile(r"[;&|]|^\w+=")  # which exec would cut short
DEVELOP = {
    "flask": "flask --app {target} run --debug --host {bind} --port {port}",
    "fastapi": "uvicorn {target} --reload --host {bind} --port {port}",
    "express": "node --watch {target}",
}
SERVE = {
    "fastapi": "uvicorn {target} --host {bind} --port {port}",
    "express": "node {target}",
}


def develop(reading: Reading) -> Found | None:
    """The development server: as found, else as the framework starts it; None where neither is known."""
    application = reading.application
    if reading.commands.develop or not application:
        return reading.commands.develop
    if application.framework.value == "django" and application.manage:
        return Found(f"{application.manage.value} runserver {{bind}}:{{port}}", application.manage.where)
    return _of_framework(application, DEVELOP)


def serve(reading: Reading) -> Found | None:
    """Production's server, in the same way."""
    application = reading.application
    return reading.commands.serve or (_of_framework(application, SERVE) if application else None)


def _of_framework(application: Application, table: dict[str, str]) -> Found | None:
    pattern, target = table.get(application.framework.value), application.target
    if not (pattern and target):
        return None
    name, factory = target.value, ""
    if application.framework.value == "fastapi" and name.endswith("()"):
        name, factory = name[:-2], " --factory"  # uvicorn's way to say what flask and gunicorn write as a call
    return Found(pattern.replace("{target}", shlex.quote(name)) + factory, target.where)


def with_address(command: str, bind: str, port: str) -> str:
    """The command with its address put in. Other braces stay."""
    return command.replace("{bind}", bind).replace("{port}", port)


def in_compose(command: str, port: str) -> str:
    """The value of `command:` in a compose file; `port`: the declared one."""
    text = lines.compose(_in_shell(command))
    return lines.scalar(with_address(text, "${BIND:-0.0.0.0}", f"${{PORT:-{port}}}"))


def in_dev(command: str) -> str:
    """The value of a command in dev.yaml, where no shell runs unless the command is one."""
    return lines.scalar(_in_shell(command))


def in_image(command: str) -> str:
    """The CMD of an image. The shell puts PORT in; exec gives its place to the server, which so gets the signals."""
    if "{port}" in command or SHELL.search(command):
        start = "" if SEVERAL.search(command) else "exec "
        return json.dumps(["sh", "-c", start + with_address(command, "0.0.0.0", "$PORT")], ensure_ascii=False)
    return json.dumps(shlex.split(with_address(command, "0.0.0.0", "")), ensure_ascii=False)


def _in_shell(command: str) -> str:
    words = command.split()[:2]
    return f"sh -c {shlex.quote(command)}" if SHELL.search(command) and words != ["sh", "-c"] else command
