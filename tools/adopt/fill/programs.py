"""The service's other processes: workers, schedulers and consumers, each a service of the compose files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from tools.adopt.fill import commands, lines
from tools.adopt.found import Found, Reading

# They take their jobs from a broker: without a known one they would only fail.
BROKERED = re.compile(r"\b(celery|rq|dramatiq|arq|huey|faktory|bullmq|rqworker|rqscheduler)\b")
TAKEN = ("app", "db", "cache")
# Of the app, and of each worker, which loads the same code: Celery does so for each processor.
MEMORY, LEAN = 512, 384  # MB


def others(reading: Reading, answers: Mapping[str, str]) -> dict[str, Found]:
    """By name, the processes to write, without the one that the template's `worker` service runs."""
    every = _all(reading, answers)
    return {name: found for name, found in every.items() if not _waits(found, reading, answers)}


def unwritten(reading: Reading, answers: Mapping[str, str]) -> dict[str, Found]:
    """Those that need a broker which was not found."""
    return {name: found for name, found in _all(reading, answers).items() if _waits(found, reading, answers)}


def _all(reading: Reading, answers: Mapping[str, str]) -> dict[str, Found]:
    first = reading.commands.worker
    lone = {"worker": first} if first and answers["worker"] == "none" else {}
    more = dict(reading.commands.workers)
    taken = {*TAKEN, "worker"}
    return lone | {f"{name}-2" if name in taken else name: found for name, found in more.items()}


def _waits(found: Found, reading: Reading, answers: Mapping[str, str]) -> bool:
    queue = any(one.kind == "rabbitmq" for one in reading.backing)
    return answers["cache"] == "none" and not queue and bool(BROKERED.search(found.value))


def services(reading: Reading, answers: Mapping[str, str]) -> list[str]:
    """The services, and an open point for those without a broker."""
    text: list[str] = []
    for name, found in others(reading, answers).items():
        text += ["", *_service(name, found, answers)]
    missing = unwritten(reading, answers)
    if missing:
        listed = "; ".join(f"{name}, {found.where}" for name, found in missing.items())
        what = f"the broker of {listed}: a cache, or a server of yours; then its service, like `app` without ports"
        first, *more = [f"{name}: {{command: {lines.item(found.value)}}}" for name, found in missing.items()]
        text += ["", *lines.open_point(what, first), *(f"# {lines.comment(line)}" for line in more)]
    return text


def lean(reading: Reading, answers: Mapping[str, str]) -> list[str]:
    text = []
    for name, found in others(reading, answers).items():
        text += [f"{name}:", "  build: {target: prod}", "  volumes: !reset []", *_command(name, found, answers, 2)]
        text.append(f"  mem_limit: {LEAN}m")
    return text


def _service(name: str, found: Found, answers: Mapping[str, str]) -> list[str]:
    backing = answers["database"] != "none" or answers["cache"] != "none"
    return [
        f"{name}: # the same code and settings; it has no port",
        "  build: *build",
        "  init: true",
        '  user: "${DEV_UID:-1000}:${DEV_GID:-1000}"',
        *_command(name, found, answers, 2),
        "  environment: *environment",
        "  env_file: *env_file",
        '  volumes: [".:/app"]',
        *(["  depends_on: *backing"] if backing else []),
        "  healthcheck:",
        *(f"    {line}" for line in health(_named(name, found.value))),
        "    interval: 30s",
        "    timeout: 10s",
        "    retries: 3",
        "    start_period: 60s",
        "    start_interval: 500ms",
        "  logging: *logging",
        f"  mem_limit: {MEMORY}m",
        "  networks: [default, workspace]",
    ]


def _command(name: str, found: Found, answers: Mapping[str, str], indent: int) -> list[str]:
    value = commands.in_compose(_named(name, found.value), answers["port"])
    return [f"{' ' * indent}# {lines.comment(found.where)}", f"{' ' * indent}command: {value}"]


def _named(name: str, command: str) -> str:
    """A Celery worker with a name of its own: two with the same one would not know each other apart."""
    worker = re.search(r"\bcelery\b.*\bworker\b", command)
    named = re.search(r"(?:^|\s)(?:-n|--hostname)[ =]?\S", command)
    return f"{command} -n {name}@%h" if worker and not named else command


def health(command: str) -> list[str]:
    """Celery's workers are asked; of others it is only known that they run."""
    celery = re.match(r"(.*\bcelery\b.*?)\s+worker\b(.*)", command)
    if celery:
        ping = f"exec {lines.compose(shlex.join(shlex.split(celery[1])))} inspect ping{destination(celery[2])}"
        return ["# Asks the worker itself, through the cache.", f"test: [CMD-SHELL, {lines.item(ping)}]"]
    return ["# It runs: nothing else can be asked of it.", 'test: [CMD, "true"]']


def destination(arguments: str) -> str:
    """The option with the name that the worker has: `celery@HOST` unless it was given another one."""
    given = re.search(r"(?:^|\s)(?:-n|--hostname)[ =]?(\S+)", arguments)
    name = given[1] if given else "celery"
    whole = name if "@" in name else f"{name}@%h"
    known = re.fullmatch(r"[\w.@-]*(%h)?", whole)
    return f' --destination "{whole.replace("%h", "$$(uname -n)")}"' if known else ""
