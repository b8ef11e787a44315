"""The daily tasks: logs, shell, run, dbshell, test."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from typing import Any

from invoke.tasks import task

from devenv.base import events
from devenv.base.errors import CONFIG, UNHEALTHY, USAGE, DevError, did_you_mean
from devenv.context import environment
from devenv.databases import find
from devenv.datastates import by_hand, live
from devenv.engines.interface import Logs, unhealthy
from devenv.model import units
from devenv.required import stack
from devenv.tasks import log_lines
from devenv.tasks.common import WORKSPACE, flags, pass_on

SERVICE = {"service": "a service of compose.yaml other than the app"}
ROUTINE_LINES = 2000  # lines that are read more than --tail says: some of them are left out
# bash if the image has it, for its history and completion.
SHELL = ("sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh; fi")


@task(
    iterable=["service"],
    help={
        **WORKSPACE,
        "service": "only this service; can be repeated",
        "follow": "keep printing new lines",
        "tail": "only the last TAIL lines of each service",
        "since": "only lines since this long ago: 30s, 10m, 1h30m",
        "grep": "only lines with this regular expression; a pattern without capital letters ignores case",
        "all": "also what databases report again and again while all is well, such as checkpoints",
    },
)
def logs(
    c: Any,
    service: Any = None,
    follow: bool = False,
    tail: str = "",
    since: str = "",
    grep: str = "",
    all: bool = False,
    workspace: str = "",
) -> None:
    """Print the logs of all or some services."""
    env = environment.open_environment(workspace, any_name=True)
    if tail and not tail.isdecimal():
        raise DevError(USAGE, f"--tail {tail} is not a number", "inv dev.logs --tail 20")
    wanted = Logs(follow, int(tail) if tail else None, _seconds(since))
    own = [name for name in service or [] if name in env.place.services]
    given = flags({"--tail": tail, "--since": since, "--grep": grep, "--follow": follow, "--all": all})
    for name in sorted({*(service or [])} - {*own}):
        _required_logs(env, name, given)
    if own or not service:
        _own_logs(env, own, wanted, grep, all)


def _seconds(since: str) -> float:
    try:
        return units.duration(since) if since else 0.0
    except ValueError:
        raise DevError(USAGE, f"--since {since} is not a duration", "inv dev.logs --since 10m") from None


def _own_logs(env: environment.Environment, names: list[str], wanted: Logs, grep: str, everything: bool) -> None:
    """Print logs of this service. With --follow, lines that are left out count for --tail, too."""
    lines = log_lines.Lines(env.place.services, grep, None if wanted.follow else wanted.tail, everything)
    more = None if wanted.tail is None or grep else wanted.tail + ROUTINE_LINES
    code = env.engine.logs(names, wanted if wanted.follow else wanted._replace(tail=more), lines.take)
    lines.close()
    if not (code or lines.printed or lines.left_out):
        chosen = bool(grep or wanted.since or names)
        events.note("no lines like these in the logs" if chosen else "no logs yet; to start the service: inv dev.up")
    if lines.left_out:
        number = f"{lines.left_out} line{'s' * (lines.left_out > 1)}"
        events.note(f"left out {number} of routine, such as checkpoints; to see all: inv dev.logs --all")
    pass_on(code, "dev.logs")


@task(help={**WORKSPACE, **SERVICE})
def shell(c: Any, service: str = "", workspace: str = "") -> None:
    """Open a shell where the app runs."""
    env = environment.open_environment(workspace)
    argv = env.config.commands.get("shell", SHELL) if not service else SHELL
    name = _known(env, service or env.config.app)
    pass_on(_attach(_ready(env, name, "dev.shell"), name, argv), "dev.shell")


@task(help={**WORKSPACE, **SERVICE})
def run(c: Any, service: str = "", workspace: str = "") -> None:
    """Run a command where the app runs: dev.run -- COMMAND."""
    if not c.args:
        raise DevError(USAGE, "dev.run needs a command", "inv dev.run -- ls -l")
    env = environment.open_environment(workspace)
    name = _known(env, service or env.config.app)
    code = _attach(_ready(env, name, "dev.run"), name, list(c.args))
    pass_on(code, c.args[0], *_why(env, code))


@task(help=WORKSPACE)
def dbshell(c: Any, workspace: str = "") -> None:
    """Open the database's client; arguments after -- go to it."""
    env = environment.open_environment(workspace, any_name=True)
    if not env.database:
        raise DevError(CONFIG, f"{env.config.compose} declares no database that we know", f"known: {find.KNOWN}")
    state = env.engine.look().get(env.database.service)
    if not (state and state.running):
        raise DevError(UNHEALTHY, f"{env.database.service} is not running", "inv dev.up")
    env = _by_hand(env, loads=_reads_file(c.args))
    assert env.database
    pass_on(_attach(env, env.database.service, env.database.client(*c.args)), "dev.dbshell")


@task(help=WORKSPACE)
def test(c: Any, workspace: str = "") -> None:
    """Run the service's tests: dev.test, or dev.test -- -k name."""
    env = environment.open_environment(workspace)
    argv = [*env.config.command("test"), *c.args]
    code = _attach(_ready(env, env.config.app, "dev.test", needed=True), env.config.app, argv)
    pass_on(code, "commands.test", *_why(env, code))


def _ready(env: environment.Environment, name: str, command: str, needed: bool = False) -> environment.Environment:
    """The environment for a command in a service; the servers are started if the engine would start them for it.

    New data gets its accounts then, without which the app cannot log in. `needed`: start them in any case.
    """
    if not needed and not (env.engine.starts_servers and env.place.services[name].build):
        return env
    states = env.engine.look()
    runs = name in states and states[name].running
    if (runs and not needed) or not unhealthy(states, env.place.servers):
        return env
    with env.locked(command) as there:
        return live.ready(there)


def _why(env: environment.Environment, code: int) -> list[str]:
    """A hint if a command failed and a server that it may need does not run."""
    if not code:
        return []
    states = env.engine.look()
    absent = [name for name in env.place.servers if not (name in states and states[name].running)]
    return [f"not running: {', '.join(absent)}; to start all: inv dev.up"] if absent else []


def _reads_file(args: Sequence[str]) -> bool:
    """Whether a database's client reads statements from a file or another program, such as a dump."""
    mode = os.fstat(sys.stdin.fileno()).st_mode if sys.stdin else 0
    return stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or any(word.startswith(("-f", "--file")) for word in args)


def _attach(env: environment.Environment, service: str, argv: Sequence[str]) -> int:
    """Give the terminal to a command."""
    return _by_hand(env).engine.attach(service, argv)


def _by_hand(env: environment.Environment, loads: bool = False) -> environment.Environment:
    """The environment on the live data, for a command that may write into it: the data is not fresh any more.

    `loads`: it may replace the schema.
    """
    if env.data and not env.data.get("fresh") and not loads:
        return env
    with env.locked("dev.run") as there:
        return by_hand.used(there, loads)


def _required_logs(env: environment.Environment, name: str, given: list[str]) -> None:
    members = stack.recorded(env)
    if name not in members.members:
        names = [*env.place.services, *members.members]
        raise DevError(USAGE, f"unknown service {name}", did_you_mean(name, names))
    pass_on(members.logs(name, given), f"dev.logs of {name}")


def _known(env: environment.Environment, name: str) -> str:
    if name not in env.place.services:
        raise DevError(USAGE, f"unknown service {name}", did_you_mean(name, list(env.place.services)))
    return name
