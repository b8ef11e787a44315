"""`dev.up`: look, decide, say what will be done, do it. And its opposites, down and destroy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable

from devenv.base import output, ports, records
from devenv.base.errors import CONFLICT, MISSING, UNHEALTHY, DevError
from devenv.context import fingerprints, health, service_commands, workspace
from devenv.context.environment import Environment, open_environment
from devenv.datastates import branches, live, store
from devenv.datastates.live import DEFAULT
from devenv.engines import choice
from devenv.engines.interface import LOG_LINES, Engine, State, logged
from devenv.lifecycle.plan import Facts, Step, decide, observe
from devenv.model import lineage

RELOAD = 10.0  # seconds that an app may take to start again after an edit


def up(env: Environment, only: bool = False) -> list[Step]:
    """Bring the service up: after it, all is healthy, migrated and seeded. Returns the steps that were needed.

    `only`: another root drives it, and decides which checkout runs.
    """
    place = env.place
    output.say(output.paint(f"{place.service} · workspace {place.workspace} · {env.engine.version()}", "bold"))
    _stop_other_engine(env)
    _stop_replaced(env)
    facts = observe(env)
    if not only:
        _check_checkout(env, facts.states)
    if store.left(env):
        live.ready(env)
        facts = observe(env)
    steps = decide(facts, env.config, place.services)
    if not steps:
        _check_answers(env)
    output.say(f"will {', '.join(map(str, steps))}" if steps else "nothing to do: all is healthy, migrated and seeded")
    if not only:
        _use(env)
    if steps:
        _claim(env, facts, only)
        env = _carry_out(env, facts, steps)
        env.record.up = {**env.record.up, "folder": _folder(env)}
        env.save()
    return steps


def _stop_other_engine(env: Environment) -> None:
    """A service runs on one engine at a time. Each keeps its own data, and the one that is left keeps it for later."""
    other, name = env.record.engine, env.engine.name
    if other in ("", name):
        return
    output.say(f"it ran on {other} so far; its data stays there, {name} has its own")
    _on_other_engine(env, other, lambda engine: engine.stop())


def _stop_replaced(env: Environment) -> None:
    """A repository cloned again at its old path is another folder; what runs still holds the one that is gone."""
    here = _folder(env)
    if env.record.checkout == str(env.place.root) and env.record.up.get("folder", here) != here:
        output.say(f"{env.place.root} was made anew since the last dev.up")
        env.engine.stop()


def _check_checkout(env: Environment, states: Mapping[str, State]) -> None:
    """DevError 113 when another checkout runs this service in this workspace."""
    other = env.record.checkout
    running = any(state.running for state in states.values())
    if running and other and other != str(env.place.root):
        here = env.place.workspace
        raise DevError(
            CONFLICT,
            f"{env.config.service} runs in workspace {here} already, from {other}",
            f"to run both, each with its own data and port: inv dev.up --workspace {workspace.another(here)}",
            f"to run this one instead: make -C {other} dev.down",
        )


def _check_answers(env: Environment) -> None:
    """DevError 112 where the page is dead. The container engine looks now and then, and so believes it longer."""
    if env.engine.name == choice.COMPOSE and not ports.answers(env.port, env.host, RELOAD):
        logs = logged(env.engine.tail(env.config.app, LOG_LINES))
        message = f"{env.config.service}: {env.url} does not answer; {env.config.app} logged last\n{logs}"
        raise DevError(UNHEALTHY, message, "mend what the log says, or start it anew: inv dev.down && inv dev.up")


def _use(env: Environment) -> None:
    """Note that this repository itself uses the service: `dev.up` was typed here."""
    root = str(env.place.root)
    if root not in env.record.users:
        env.record.root, env.record.users = root, sorted([*env.record.users, root])
        env.save()


def _claim(env: Environment, facts: Facts, only: bool) -> None:
    """Note who runs here and on which port, before anything is started; DevError 113 when the port is taken."""
    beside = workspace.another(env.place.workspace)
    # Of a required service, the root shows the hint, where `--port` is the root's own.
    hint = f"stop that one, or let all run on free ports: inv dev.up --workspace {beside}" if only else ""
    app = facts.states.get(env.config.app)
    ours = app and app.running and env.record.port in (0, env.port)  # 0: the record was lost
    if not ours:
        workspace.check_port(env.port, env.config.service, hint)
    record = env.record
    if env.debug_port and not (ours and record.up.get("debug", env.debug_port) == env.debug_port):
        hint = f"DEV_DEBUG_PORT={workspace.free_port()} inv dev.up --debug"
        workspace.check_port(env.debug_port, env.config.service, hint)
    record.up = {**record.up, "debug": env.debug_port}
    record.checkout, record.engine, record.port = str(env.place.root), env.engine.name, env.port
    record.commit = env.commit
    env.save()


def _carry_out(env: Environment, facts: Facts, steps: Sequence[Step]) -> Environment:
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


def _pull(env: Environment, services: Sequence[str]) -> None:
    """Let services run the released image. A registry that is gone costs a build, and never the service."""
    pulled = env.engine.take(env.image, services)
    if pulled:
        output.say(f"{env.config.service} runs image {env.image}")
    else:
        output.warn(f"the image {env.image} cannot be pulled: building instead")
        env.engine.build(services)
    env.record.up = {**env.record.up, "image": env.image if pulled else ""}


def _start(env: Environment, services: Sequence[str]) -> None:
    if any(env.place.services[name].build for name in services):
        live.used(env)
    health.start(env, services)


def _restore(env: Environment) -> Environment:
    """A new database filled from what is stored. Where it turns out to hold rows, those stay, and are migrated on."""
    env = live.take_stored(env)
    if live.known(env):
        return env
    _migrate(env)
    if DEFAULT in env.config.scenarios:
        _seed(env)
    return env


def _switch(env: Environment, why: str) -> Environment:
    """This branch's database, with what it may lack: the one that comes back may be older than the checkout."""
    env = branches.switch(env, why)
    if live.known(env).get("migrated") != lineage.key(store.files(env)):
        _migrate(env)
    return env


def _migrate_or_switch(env: Environment) -> Environment:
    """What packages lack shows only when they are installed."""
    lost = live.lost_packages(env, live.known(env))
    if lost:
        return _switch(env, lost[0])
    _migrate(env)
    return env


def _migrate(env: Environment) -> None:
    if "migrate" in env.config.commands and live.is_pending(env):
        service_commands.within("dev.up", "migrate", live.migrate, env)


def _seed(env: Environment) -> None:
    service_commands.within("dev.up", "seed", live.seed, env, DEFAULT, {})


def down(env: Environment, only: bool = False) -> None:
    """Stop everything and keep the data. What another root uses goes on, unless one that drives it says `only`."""
    root = str(env.place.root)
    others = [user for user in env.record.users if user != root]
    if others and not only:
        env.record.users = others
        env.save()
        output.say(f"{env.config.service} goes on: it is used by {', '.join(others)}")
        return
    env.engine.stop()


def destroy(env: Environment, only: bool = False) -> None:
    """Remove everything of this service in this workspace, data included. DevError 113 while another root uses it."""
    others = [user for user in env.record.users if user != str(env.place.root)]
    if others and not only:
        message = f"{env.config.service} is used by {', '.join(others)}"
        raise DevError(CONFLICT, message, *(f"make -C {other} dev.down" for other in others))
    for other in sorted(set(env.record.data) - {env.engine.name}):
        _on_other_engine(env, other, lambda engine: engine.remove())
    env.engine.remove()
    records.remove(env.place.workspace, env.config.service)


def _on_other_engine(env: Environment, name: str, act: Callable[[Engine], None]) -> None:
    try:
        act(open_environment(env.place.workspace, env.port, engine=name).engine)
    except DevError as error:
        if error.code != MISSING:
            raise
        output.warn(f"{name} does not answer, so what it holds stays as it is: {error.message}")


def _folder(env: Environment) -> str:
    """Tells a checkout from its successor, by a file that nobody edits: the folder's inode number may come again."""
    kept = (env.place.root / ".dev" / "VERSION").stat()
    return f"{kept.st_ino}-{kept.st_mtime_ns}"
