"""The daily tasks: logs, shell, run, dbshell, test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invoke.tasks import task

from devenv.base.errors import CONFIG, UNHEALTHY, USAGE, DevError, did_you_mean
from devenv.context import environment
from devenv.databases import find
from devenv.datastates import live
from devenv.required import stack
from devenv.tasks.common import WORKSPACE, pass_on

SERVICE = {"service": "a service of compose.yaml other than the app"}
# bash if the image has it, for its history and completion.
SHELL = ("sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh; fi")


@task(
    iterable=["service"],
    help={
        **WORKSPACE,
        "service": "only this service; can be repeated",
        "follow": "keep printing new lines",
        "tail": "only the last TAIL lines of each service",
    },
)
def logs(c: Any, service: Any = None, follow: bool = False, tail: str = "", workspace: str = "") -> None:
    """Print the logs of all or some services."""
    env = environment.open_environment(workspace)
    if tail and not tail.isdecimal():
        raise DevError(USAGE, f"--tail {tail} is not a number", "inv dev.logs --tail 20")
    own = [name for name in service or [] if name in env.place.services]
    for name in sorted({*(service or [])} - {*own}):
        _required_logs(env, name, [*(["--follow"] if follow else []), *(["--tail", tail] if tail else [])])
    if own or not service:
        pass_on(env.engine.logs(own, follow, int(tail) if tail else None), "dev.logs")


@task(help={**WORKSPACE, **SERVICE})
def shell(c: Any, service: str = "", workspace: str = "") -> None:
    """Open a shell where the app runs."""
    env = environment.open_environment(workspace)
    argv = env.config.commands.get("shell", SHELL) if not service else SHELL
    pass_on(_attach(env, _known(env, service or env.config.app), argv), "dev.shell")


@task(help={**WORKSPACE, **SERVICE})
def run(c: Any, service: str = "", workspace: str = "") -> None:
    """Run a command where the app runs: dev.run -- COMMAND."""
    if not c.args:
        raise DevError(USAGE, "dev.run needs a command", "inv dev.run -- ls -l")
    env = environment.open_environment(workspace)
    pass_on(_attach(env, _known(env, service or env.config.app), list(c.args)), c.args[0])


@task(help=WORKSPACE)
def dbshell(c: Any, workspace: str = "") -> None:
    """Open the database's client; arguments after -- go to it."""
    env = environment.open_environment(workspace)
    if not env.database:
        raise DevError(CONFIG, f"{env.config.compose} declares no database that we know", f"known: {find.KNOWN}")
    state = env.engine.look().get(env.database.service)
    if not (state and state.running):
        raise DevError(UNHEALTHY, f"{env.database.service} is not running", "inv dev.up")
    pass_on(_attach(env, env.database.service, env.database.client(*c.args)), "dev.dbshell")


@task(help=WORKSPACE)
def test(c: Any, workspace: str = "") -> None:
    """Run the service's tests: dev.test, or dev.test -- -k name."""
    env = environment.open_environment(workspace)
    pass_on(_attach(env, env.config.app, [*env.config.command("test"), *c.args]), "commands.test")


def _attach(env: environment.Environment, service: str, argv: Sequence[str]) -> int:
    """Give the terminal to a command. It may write into the database, so the data is not fresh any more."""
    if not env.data or env.data.get("fresh"):
        with env.locked("dev.run") as there:
            live.used_by_hand(there)
    return env.engine.attach(service, argv)


def _required_logs(env: environment.Environment, name: str, flags: list[str]) -> None:
    members = stack.recorded(env)
    if name not in members.members:
        names = [*env.place.services, *members.members]
        raise DevError(USAGE, f"unknown service {name}", did_you_mean(name, names))
    pass_on(members.logs(name, flags), f"dev.logs of {name}")


def _known(env: environment.Environment, name: str) -> str:
    if name not in env.place.services:
        raise DevError(USAGE, f"unknown service {name}", did_you_mean(name, list(env.place.services)))
    return name
