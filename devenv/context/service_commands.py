"""The service's commands for data, run as the app: migrate and the scenarios. This module writes no records."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Callable, TypeVar

from devenv.base import events
from devenv.base.errors import FOUND, MISSING, REFUSED, UNHEALTHY, DevError
from devenv.context.environment import Environment
from devenv.engines.interface import LOG_LINES
from devenv.model import answers
from devenv.model.scenarios import Scenario

OURS = range(MISSING, REFUSED + 1)  # exit codes that are reserved: a service's command cannot end a task with them
PACKAGE_MIGRATIONS = "package_migrations"
T = TypeVar("T")


def within(verb: str, step: str, run: Callable[..., T], *args: Any) -> T:
    """A step of a larger verb, which fails with 112. Only the step's own verb passes on the service's exit code."""
    try:
        return run(*args)
    except DevError as error:
        if error.code in OURS:
            raise
        hints = (*error.hints, f"to go on after the fix: inv {verb}")
        raise DevError(UNHEALTHY, f"{verb} stopped at {step}: {error.message}", *hints) from None


def migrate(env: Environment) -> None:
    """Run the service's migrate command if it has one; its exit code becomes the error's."""
    if "migrate" in env.config.commands:
        _run(env, "migrate")


def scrub(env: Environment) -> None:
    """Run the service's scrub command; its exit code becomes the error's. DevError 111 if it has none."""
    _run(env, "scrub")


@events.stepped("list migrations of packages")
def package_migrations(env: Environment) -> list[str]:
    """The names of the migrations of installed packages. DevError 112 if the command that lists them fails."""
    name = PACKAGE_MIGRATIONS
    done = env.engine.collect(name, env.config.command(name))
    if done.code:
        message = f"{env.config.service}: commands.{name} ended with exit code {done.code}"
        raise DevError(UNHEALTHY, message, *_inside_hint())
    return _names(done.stdout)


def begin_package_migrations(env: Environment) -> Callable[[], list[str] | None]:
    """The same next to a command that follows.

    The returned function waits for the names. None if the command failed, for which there may be a passing reason.
    """
    result = env.engine.begin(PACKAGE_MIGRATIONS, env.config.command(PACKAGE_MIGRATIONS))

    def names() -> list[str] | None:
        done = result()
        return None if done.code else _names(done.stdout)

    return names


def _names(stdout: str) -> list[str]:
    return sorted(line.strip() for line in stdout.splitlines() if line.strip())


@events.stepped("check")
def check(env: Environment, scenario: Scenario, given: Mapping[str, str]) -> dict[str, Any] | None:
    """What the check of a scenario prints; None if it does not find the data."""
    done = env.engine.collect("check", scenario.check_argv(given))
    try:
        return None if done.code else answers.parse(_last_line(done.stdout))
    except ValueError:
        return {}  # a check may be a command that was not made for us


def seed(env: Environment, scenario: Scenario, given: Mapping[str, str]) -> dict[str, Any]:
    """Run a scenario. Returns what its check printed, if it has one, else what its last line says."""
    with events.step("seed", text=scenario.label(given)):
        if not scenario.check:
            done = env.engine.collect("seed", scenario.argv(given))
            if done.code:
                raise _failure(env, scenario, done.code, done.stdout)
            return _last_object(env, scenario, done.stdout)
        code = env.engine.step("seed", scenario.argv(given))
        if code:
            raise _failure(env, scenario, code, "")
    result = check(env, scenario, given)
    if result is None:
        message = f"{env.config.service}: scenario {scenario.name} ended with exit code 0, but its check finds no data"
        by_hand = shlex.join(scenario.check_argv(given))
        raise DevError(FOUND, message, "see the output of both above", f"to check by hand: inv dev.run -- {by_hand}")
    return result


def _run(env: Environment, name: str) -> None:
    with events.step(name):
        code = env.engine.step(name, env.config.command(name))
        if code:
            message = f"{env.config.service}: commands.{name} ended with exit code {code}"
            raise DevError(code, message, *_denied(env), *_inside_hint())


def _failure(env: Environment, scenario: Scenario, code: int, stdout: str) -> DevError:
    message = f"{env.config.service}: scenario {scenario.name} ended with exit code {code}"
    once = ["it is declared once: true, so start again from fresh data: inv dev.reset"] if scenario.once else []
    return DevError(code, "\n".join([message, *stdout.splitlines()[-20:]]), *_denied(env), *_inside_hint(), *once)


def _last_object(env: Environment, scenario: Scenario, stdout: str) -> dict[str, Any]:
    try:
        return answers.parse(_last_line(stdout))
    except ValueError as error:
        keys = ("scenarios", scenario.name, "run")
        message = f"scenario {scenario.name} must print one JSON object as its last line, not {error}"
        raise env.config.source.error(
            keys, message, "print {} if there is nothing to report", "if you cannot change the command, add a `check:`"
        ) from None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _denied(env: Environment) -> list[str]:
    """How to allow what the database has just refused, by its log: what the command printed is not kept."""
    database = env.database
    return database.denied("\n".join(env.engine.tail(database.service, LOG_LINES))) if database else []


def _inside_hint() -> list[str]:
    return ["see its output above; to try it by hand: inv dev.shell"]
