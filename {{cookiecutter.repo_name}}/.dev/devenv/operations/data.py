# Owner: the template. Do not edit: updates replace this file.
"""Schema and data: migrate, seed, reset. The record says which data was brought how far.

For each engine, `Environment.data` holds "id": Engine.data_id, "migrated": a fingerprint of the state files,
and "seeded": what each scenario told. It is written after each step, so that a killed command leaves less
than the truth and never more.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping
from typing import Any, Callable

from devenv.base import output
from devenv.base.errors import FOUND, MISSING, REFUSED, UNHEALTHY, DevError
from devenv.model import answers
from devenv.model.scenarios import Scenario
from devenv.operations import plan, waiting
from devenv.operations.environment import Environment

OURS = range(MISSING, REFUSED + 1)  # exit codes that a command of the service cannot be taken for


def ready(env: Environment) -> None:
    """The database runs, so that a data command works without `dev.up` before it."""
    backing = [name for name, service in env.place.services.items() if not service.build]
    states = env.engine.look()
    if any(name not in states or not states[name].healthy for name in backing):
        waiting.start(env, backing)


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
    """Fill in a scenario's data, unless it can be made once only and is there; returns the JSON object that it tells.

    DevError 1 when the scenario ended well, but its check does not find the data.
    """
    scenario = env.config.scenario(name)
    label, seeded = scenario.label(given), _known(env).get("seeded", {})
    if scenario.once and label in seeded:
        output.say(f"{label} ran on this data already (once: true in dev.yaml); after inv dev.reset it runs again")
        return dict(seeded[label])
    if scenario.after:
        _start_all(env)
    result = _found(env, scenario, given) if scenario.once and scenario.check else None
    result = _make(env, scenario, given) if result is None else result
    if scenario.once or not given:
        _note(env, seeded={**_known(env).get("seeded", {}), label: result})
    return result


def reset(env: Environment) -> None:
    """Drop the database, make it again, migrate, seed the default scenario. Everything else stays as it is."""
    if plan.DEFAULT in env.config.scenarios and env.config.scenarios[plan.DEFAULT].after:
        env.engine.stop()  # an app that fills tables when it starts has to start on the new database
        ready(env)
    env.note_data({})  # first: killed after this line, the next dev.up builds the data again
    if env.database:
        env.database.drop(env.engine)
    if "migrate" in env.config.commands:
        within("dev.reset", "migrate", lambda: migrate(env))
    if plan.DEFAULT in env.config.scenarios:
        within("dev.reset", "seed", lambda: seed(env, plan.DEFAULT, {}))


def within(verb: str, step: str, run: Callable[[], object]) -> None:
    """A step of a larger verb. The service's own exit code is for its own verb; this one says 112: it is not ready."""
    try:
        run()
    except DevError as error:
        if error.code in OURS:
            raise
        raise DevError(UNHEALTHY, f"{verb} stopped at {step}: {error.message}", *error.hints) from None


def _ensure_database(env: Environment) -> None:
    if not env.data and env.database and not env.database.exists(env.engine):
        env.database.create(env.engine)


def _note(env: Environment, **facts: Any) -> None:
    """Add to the record what was just done to the data that is there now."""
    known = _known(env)
    generation = known.get("generation") or secrets.token_hex(8)  # tells data made anew from data that was kept
    env.note_data({**known, "id": env.engine.data_id(), "generation": generation, **facts})


def _known(env: Environment) -> dict[str, Any]:
    """What the record says, where it speaks of the data that is there."""
    return env.data if env.data.get("id") == env.engine.data_id() else {}


def _start_all(env: Environment) -> None:
    """All is healthy, for a scenario that talks to the app."""
    states = env.engine.look()
    if any(name not in states or not states[name].healthy for name in env.place.services):
        waiting.start(env, list(env.place.services))
        # For dev.up these are its own: it started none of them otherwise.
        env.record.up = {**env.record.up, "ids": {name: state.id for name, state in env.engine.look().items()}}
        env.save()


def _found(env: Environment, scenario: Scenario, given: Mapping[str, str]) -> dict[str, Any] | None:
    """What the check of a scenario tells; None where it does not find the data."""
    done = env.engine.collect("check", scenario.check_argv(given))
    try:
        return None if done.code else answers.parse(_last_line(done.stdout))
    except ValueError:
        return {}  # a check may be a command that was not made for us


def _make(env: Environment, scenario: Scenario, given: Mapping[str, str]) -> dict[str, Any]:
    """Run a scenario. What it tells: its check's words where there is one, else the last line of its own."""
    if not scenario.check:
        done = env.engine.collect("seed", scenario.argv(given))
        if done.code:
            raise _failure(env, scenario, done.code, done.stdout)
        return _last_object(env, scenario, done.stdout)
    code = env.engine.step("seed", scenario.argv(given))
    if code:
        raise _failure(env, scenario, code, "")
    result = _found(env, scenario, given)
    if result is None:
        message = f"{env.config.service}: scenario {scenario.name} ended with exit code 0, but its check finds no data"
        by_hand = shlex.join(scenario.check_argv(given))
        raise DevError(FOUND, message, "what both printed stands above", f"the check by hand: inv dev.run -- {by_hand}")
    return result


def _failure(env: Environment, scenario: Scenario, code: int, stdout: str) -> DevError:
    message = f"{env.config.service}: scenario {scenario.name} ended with exit code {code}"
    once = ["once: true: it cannot run on what it left half done; afresh: inv dev.reset"] if scenario.once else []
    return DevError(code, "\n".join([message, *stdout.splitlines()[-20:]]), *_inside_hint(), *once)


def _last_object(env: Environment, scenario: Scenario, stdout: str) -> dict[str, Any]:
    try:
        return answers.parse(_last_line(stdout))
    except ValueError as error:
        keys = ("scenarios", scenario.name, "run")
        message = f"scenario {scenario.name} must print one JSON object as its last line, not {error}"
        raise env.config.source.error(
            keys, message, "print {} when there is nothing to tell", "a command that you cannot change: add a `check:`"
        ) from None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _inside_hint() -> list[str]:
    return ["its output stands above; try it by hand: inv dev.shell"]
