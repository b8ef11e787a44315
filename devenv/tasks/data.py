"""Schema and data: migrate, seed, reset."""

from __future__ import annotations

from typing import Any

from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import USAGE, DevError
from devenv.context import environment
from devenv.datastates import live
from devenv.datastates.live import DEFAULT
from devenv.tasks.common import WORKSPACE


@task(help=WORKSPACE)
def migrate(c: Any, workspace: str = "") -> None:
    """Bring the schema up to date."""
    env = environment.open_environment(workspace)
    if _has_no_data(env, "migrate", "migrate" in env.config.commands):
        return
    with env.locked("dev.migrate"):
        live.built(env)
        live.ready(env)
        live.migrate(env)


@task(
    iterable=["param"],
    help={
        **WORKSPACE,
        "scenario": "a scenario of dev.yaml; may stand without the flag: dev.seed NAME",
        "param": "a parameter, NAME=VALUE; may be repeated",
        "list": "show the scenarios and their parameters",
    },
)
def seed(c: Any, scenario: str = DEFAULT, param: Any = None, list: bool = False, workspace: str = "") -> None:
    """Fill in a scenario's data; prints what the scenario tells, as JSON."""
    env = environment.open_environment(workspace)
    if list:
        _list(env)
        return
    if scenario == DEFAULT and _has_no_data(env, "seed", DEFAULT in env.config.scenarios):
        output.answer({})
        return
    given = dict(_pair(text) for text in param or [])
    env.config.scenario(scenario).argv(given)  # a wrong name or parameter is said before anything starts
    with env.locked("dev.seed"):
        live.built(env)
        live.ready(env)
        output.answer(live.seed(env, scenario, given))


@task(
    iterable=["param"],
    help={
        **WORKSPACE,
        "scenario": "a scenario of dev.yaml instead of default",
        "param": "a parameter of it, NAME=VALUE; may be repeated",
    },
)
def reset(c: Any, scenario: str = DEFAULT, param: Any = None, workspace: str = "") -> None:
    """Back to fresh data, migrated and seeded; what was there is kept as `previous`."""
    env = environment.open_environment(workspace)
    given = dict(_pair(text) for text in param or [])
    if given or scenario != DEFAULT:
        env.config.scenario(scenario).argv(given)  # a wrong name or parameter is said before anything starts
    with env.locked("dev.reset"):
        live.built(env)
        live.ready(env)
        live.reset(env, scenario, given)


def _has_no_data(env: environment.Environment, what: str, declared: bool) -> bool:
    """A service without a database has the verbs all the same, as whoever drives many services calls them in each."""
    if env.database or declared:
        return False
    output.say(f"nothing to {what}: {env.config.compose} declares no database that we know")
    return True


def _list(env: environment.Environment) -> None:
    for scenario in env.config.scenarios.values():
        params = " ".join(f"{name}={default}" for name, default in scenario.params.items())
        output.data(f"{scenario.name}  {params}  {scenario.help}".rstrip())


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise DevError(USAGE, f"--param {text} is not NAME=VALUE", "inv dev.seed NAME -p size=10")
    return name, value
