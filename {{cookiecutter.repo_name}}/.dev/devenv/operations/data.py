# Owner: the template. Do not edit: updates replace this file.
"""Schema and data: migrate, seed, reset. The record says which data was brought how far.

For each engine, `Environment.data` holds "id": Engine.data_id, "migrated": a fingerprint of the state files,
and "seeded": what each scenario printed. It is written after each step, so that a killed command leaves less
than the truth and never more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from devenv.base.errors import DevError
from devenv.model import answers
from devenv.model.config import Scenario
from devenv.operations import plan
from devenv.operations.environment import Environment


def ready(env: Environment) -> None:
    """The database runs, so that a data command works without `dev.up` before it."""
    backing = [name for name, service in env.place.services.items() if not service.build]
    states = env.engine.look()
    if any(name not in states or not states[name].healthy for name in backing):
        env.engine.start(backing, env.config.ready)


def migrate(env: Environment) -> None:
    """Run the service's migrate command; its exit code becomes the error's."""
    _ensure_database(env)
    code = env.engine.step("migrate", env.config.command("migrate"))
    if code:
        raise DevError(code, f"{env.config.service}: commands.migrate ended with exit code {code}", *_inside_hint())
    _note(env, migrated=plan.state_fingerprint(env))


def is_pending(env: Environment) -> bool:
    """Whether there may be migrations to apply: asks the service's pending command where there is one."""
    known = env.data.get("id") == env.engine.data_id() and "migrated" in env.data
    if not known or "pending" not in env.config.commands:
        return True
    if env.engine.step("pending", env.config.command("pending")):
        return True
    _note(env, migrated=plan.state_fingerprint(env))
    return False


def seed(env: Environment, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Run a scenario; returns the JSON object that it printed last."""
    scenario = env.config.scenario(name)
    done = env.engine.collect("seed", scenario.argv(given))
    if done.code:
        message = f"{env.config.service}: scenario {name} ended with exit code {done.code}"
        raise DevError(done.code, "\n".join([message, *done.stdout.splitlines()[-20:]]), *_inside_hint())
    result = _last_object(env, scenario, done.stdout)
    if not given:
        _note(env, seeded={**env.data.get("seeded", {}), name: result})
    return result


def reset(env: Environment) -> None:
    """Drop the database, make it again, migrate, seed the default scenario. Everything else stays as it is."""
    env.note_data({})  # first: killed after this line, the next dev.up builds the data again
    if env.database:
        env.database.drop(env.engine)
    if "migrate" in env.config.commands:
        migrate(env)
    if plan.DEFAULT in env.config.scenarios:
        seed(env, plan.DEFAULT, {})


def _ensure_database(env: Environment) -> None:
    if not env.data and env.database and not env.database.exists(env.engine):
        env.database.create(env.engine)


def _note(env: Environment, **facts: Any) -> None:
    """Add to the record what was just done to the data that is there now."""
    current = env.engine.data_id()
    known = env.data if env.data.get("id") == current else {}
    generation = known.get("generation") or secrets.token_hex(8)  # tells data made anew from data that was kept
    env.note_data({**known, "id": current, "generation": generation, **facts})


def _last_object(env: Environment, scenario: Scenario, stdout: str) -> dict[str, Any]:
    last = (stdout.strip().splitlines() or [""])[-1]
    try:
        return answers.parse(last)
    except ValueError as error:
        keys = ("scenarios", scenario.name, "run")
        message = f"scenario {scenario.name} must print one JSON object as its last line, not {error}"
        raise env.config.source.error(keys, message, "print {} when there is nothing to tell") from None


def _inside_hint() -> list[str]:
    return ["its output stands above; try it by hand: inv dev.shell"]
