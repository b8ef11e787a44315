"""The protocol between repositories: CONTRACT.md, "Between repositories". Two repositories share nothing else.

A required service is controlled through its make targets. They get variables and answer with one JSON object, so each
repository may be at another version of the template, or in another language.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import process
from devenv.base.errors import DOCUMENTED, MISSING, UNHEALTHY, DevError
from devenv.model import answers, outside

ERROR = r"(?m)^error\[(\d+)\]: (.*)$"
HINT = r"(?m)^hint: (.*)$"
WARNING = r"(?m)^warning: (.*)$"
LOOKS = "dev.status"  # changes nothing, so it is not printed
TOOK = r"\d+\.\d s"  # how long a command took, which is printed below it
END = 100_000  # bytes of a log that are looked at
WIDTH = 200  # characters of its last line that are shown
ANSWERED = ("dev.up", "dev.status")  # with the keys of the protocol
SILENT = ("dev.down", "dev.destroy", "dev.restart")  # tasks that promise no answer
# Seconds that a task may print nothing. CONTRACT.md, OUT-3, gives it this long in all; a build that prints has longer.
SILENCE = {"dev.up": 900.0, "dev.seed": 900.0, "dev.restart": 900.0}
SILENCE_OF_OTHERS = 120.0


def runs(answer: Mapping[str, Any]) -> bool:
    """Whether anything of a service runs, by its `dev.status`. A memory of None: it runs, and cannot be measured."""
    return bool(answer.get("healthy")) or answer.get("memory", 0) != 0


class Handed(NamedTuple):
    """What the root passes to a required service."""

    workspace: str
    port: int
    engine: str
    network: str
    lean: bool
    env_file: Path
    version: str = ""  # the tag of exactly what runs; empty if it is not a release

    def variables(self) -> dict[str, str]:
        """The protocol's variables."""
        return {
            "DEV_WORKSPACE": self.workspace,
            "DEV_PORT": str(self.port),
            "DEV_ENGINE": self.engine,
            "DEV_NETWORK": self.network,
            "DEV_LEAN": "1" if self.lean else "",
            "DEV_ENV_FILE": str(self.env_file),
            "DEV_VERSION": self.version,  # set even if empty: the user's shell may have another value
        }


def call(service: str, checkout: Path, handed: Handed, task: str, args: Sequence[str], log: Path) -> dict[str, Any]:
    """Run a task of another repository; its progress goes to `log`. Returns the JSON object of its answer.

    Its error becomes ours, with the name of the service and the end of its progress.
    """
    argv = ["make", "-s", "-C", str(checkout), task, f"ARGS={quote(args)}"]
    silence = SILENCE.get(task, SILENCE_OF_OTHERS)
    done = process.background(argv, environment(handed), log, silence, service=service, shown=task != LOOKS)
    if done.code == process.TIMED_OUT:
        text, _, why = done.stderr.rpartition("\n")
        what = f"{task} in {checkout} {why} and was ended. It printed last: {_last_line(text)}"
        again = f"cd {shlex.quote(str(checkout))} && make {task} ARGS={shlex.quote(quote(args))}"
        raise DevError(UNHEALTHY, f"{service}: {what}", again, f"all output: {log}")
    if done.code:
        raise _failure(service, log)
    return _object(service, checkout, task, done.stdout)


def has(checkout: Path, task: str) -> bool:
    """Whether another repository has a task: an older release may lack it. Nothing is run."""
    return process.bounded(["make", "-n", "-C", str(checkout), task], users_environment(), SILENCE_OF_OTHERS).code == 0


def warnings(log: Path) -> list[str]:
    """The warnings of a task of another repository, from its progress in `log`."""
    return re.findall(WARNING, _text(log))


def last_words(log: Path) -> str:
    """The last line of a running task of another repository, from its progress in `log`."""
    return _last_line(_text(log))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text[-END:].splitlines()]
    return next((line for line in reversed(lines) if line and not re.fullmatch(TOOK, line)), "(none)")[:WIDTH]


def attach(checkout: Path, handed: Handed, task: str, args: Sequence[str]) -> int:
    """Give the terminal to a task of another repository; returns its exit code."""
    return process.attach(["make", "-s", "-C", str(checkout), task, f"ARGS={quote(args)}"], environment(handed))


def environment(handed: Handed) -> Mapping[str, str]:
    """The user's environment with the protocol's variables. Its healthchecks use no proxy, in any language."""
    direct = {name: value for name, value in outside.variables(os.environ).items() if name.lower() == outside.DIRECT}
    return {**users_environment(), **direct, **handed.variables()}


def users_environment() -> Mapping[str, str]:
    """The user's environment for another repository: without variables that are only for this one."""
    own = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV", "PORT", "BIND", "PUBLIC_URL"}
    return {name: value for name, value in os.environ.items() if name not in own}


def quote(args: Sequence[str]) -> str:
    """Arguments quoted so that make passes them to a shell. `$(value ARGS)` does not change anything else."""
    return shlex.join(args)


def _object(service: str, checkout: Path, task: str, stdout: str) -> dict[str, Any]:
    if task in SILENT:
        return {}
    try:
        answer = answers.parse(stdout)
        if task in ANSWERED:
            answers.check(answer, service)
        return answer
    except ValueError as error:
        message = f"{service}: {task} in {checkout} did not answer with one JSON object, but with {error}"
        hint = "the repository breaks the contract: stdout is for data alone"
        raise DevError(UNHEALTHY, message, hint) from None


def _failure(service: str, log: Path) -> DevError:
    text = _text(log)
    errors = re.findall(ERROR, text)
    said, message = errors[-1] if errors else (str(MISSING), "its command failed and printed no error line")
    code = int(said) if said in map(str, DOCUMENTED) else UNHEALTHY  # it may have printed anything, such as 0
    last = text.splitlines()[-20:]
    return DevError(code, "\n".join([f"{service}: {message}", *last]), *re.findall(HINT, text), f"all output: {log}")


def _text(log: Path) -> str:
    """The end of a log: it may be large."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - END))
        return file.read(END).decode(errors="replace")
