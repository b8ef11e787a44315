"""Carrying out what `plan.decide` decided."""

from __future__ import annotations

from collections.abc import Sequence

from devenv.base import output
from devenv.context import fingerprints, health, service_commands
from devenv.context.environment import Environment
from devenv.datastates import live, packages, store, switching
from devenv.datastates.build import DEFAULT
from devenv.lifecycle.plan import Facts, Step
from devenv.model import lineage


def carry_out(env: Environment, facts: Facts, steps: Sequence[Step]) -> Environment:
    """Do the steps one after the other, and note what was made from what. Returns the environment that it ends in."""
    for step in steps:
        env = _do(env, step)
        if step.kind in ("pull", "build"):
            env.record.up = {**env.record.up, "build": facts.build_files}
            env.save()
    if DEFAULT in env.config.scenarios and DEFAULT not in live.known(env).get("seeded", {}):
        _seed(env)  # after a switch that no step foresaw
    ids = {name: state.id for name, state in env.engine.look().items()}
    made = {"build": facts.build_files, "compose": fingerprints.compose(env), "ids": ids}
    env.record.up = {**env.record.up, **made}
    env.save()
    return env


def _do(env: Environment, step: Step) -> Environment:
    """One step; returns the environment that the next ones work in, since the live database may be another one."""
    if step.kind == "pull":
        _pull(env, step.services)
    elif step.kind == "build":
        env.engine.build(step.services)
    elif step.kind == "start":
        _start(env, step.services)
    elif step.kind == "restore":
        return _restore(env)
    elif step.kind == "switch":
        return _switch(env, step.why)
    elif step.kind == "migrate":
        return _migrate_or_switch(env)
    elif step.kind == "seed":
        _seed(env)
    return env


def _start(env: Environment, services: Sequence[str]) -> None:
    if any(env.place.services[name].build for name in services):
        live.used(env)
    health.start(env, services)


def _migrate_or_switch(env: Environment) -> Environment:
    """What packages lack shows only when they are installed."""
    lost = packages.lost(env, live.known(env))
    if lost:
        return _switch(env, lost[0])
    _migrate(env)
    return env


def _migrate(env: Environment) -> None:
    if "migrate" in env.config.commands and live.is_pending(env):
        service_commands.within("dev.up", "migrate", live.migrate, env)


def _seed(env: Environment) -> None:
    service_commands.within("dev.up", "seed", live.seed, env, DEFAULT, {})


def _switch(env: Environment, why: str) -> Environment:
    """This branch's database, with what it may lack: the one that comes back may be older than the checkout."""
    env = switching.switch(env, why)
    if live.known(env).get("migrated") != lineage.key(store.files(env)):
        _migrate(env)
    return env


def _restore(env: Environment) -> Environment:
    """A new database filled from what is stored. Where it turns out to hold rows, those stay, and are migrated on."""
    env = live.take_stored(env)
    if live.known(env):
        return env
    _migrate(env)
    if DEFAULT in env.config.scenarios:
        _seed(env)
    return env


def _pull(env: Environment, services: Sequence[str]) -> None:
    """Let services run the released image. A registry that is gone costs a build, and never the service."""
    pulled = env.engine.take(env.image, services)
    if pulled:
        output.say(f"{env.config.service} runs image {env.image}")
    else:
        output.warn(f"the image {env.image} cannot be pulled: building instead")
        env.engine.build(services)
    env.record.up = {**env.record.up, "image": env.image if pulled else ""}
